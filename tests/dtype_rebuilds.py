"""Rebuilds that are stopped on the way, and what those to another dtype leave in the file."""

from __future__ import annotations

from vdb.format import blocks, keys


class StopError(Exception):
    """Ends a rebuild from its progress callback."""


def stop_in(phase, done):
    def progress(at):
        if at.phase == phase and at.done >= done:
            raise StopError

    return progress


def stop_at(call, number):
    """The call, which ends a rebuild when it is made for that time, counted from 1."""
    calls = []

    def counted(*arguments):
        calls.append(1)
        if len(calls) == number:
            raise StopError
        call(*arguments)

    return counted


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
