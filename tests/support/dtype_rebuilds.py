"""What rebuilds to another dtype leave in the file."""

from __future__ import annotations

from vdb.store.format import blocks, keys


def metric_of(dtype):
    return "hamming" if dtype == "bit" else "l2"


def blocks_of_vectors(db, docs):
    """How many blocks of vectors there are, by the generation they lie under."""
    with db._environment.snapshot() as reader:
        number = reader.collection(docs.name).header.number
        prefix = keys.within(keys.KeyKind.BLOCK, number)
        places = [keys.decode(key) for key, _ in reader.items(prefix)]
    under = [place.generation for place in places if place.block_kind == blocks.VECTORS]
    return {generation: under.count(generation) for generation in sorted(set(under))}
