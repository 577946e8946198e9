"""Some records of a sharded collection as an embedded one, for studies that read vectors again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np

import vdb
from vdb.api.collection import Collection
from vdb.api.collection_schema import CollectionSchema
from vdb.model.config import Flat
from vdb.model.records import Id

__all__ = ["sampled_collection"]

_AT_ONCE = 5_000


@contextmanager
def sampled_collection(
    collection: Any, schema: CollectionSchema, count: int, seed: int
) -> Iterator[Collection]:
    """A temporary collection with at most `count` records of a `ShardedCollection`."""
    chosen = _chosen(collection.ids(), count, seed)
    with vdb.temporary() as scratch:
        sample = schema.make(scratch, index=Flat())
        for start in range(0, len(chosen), _AT_ONCE):
            part = collection.get(chosen[start : start + _AT_ONCE])
            rows = [record for record in part if record is not None]  # deleted meanwhile
            if rows:
                sample.add(
                    [record.id for record in rows],
                    [record.vector for record in rows],
                    [record.payload for record in rows],
                )
        yield sample


def _chosen(ids: Iterable[Id], count: int, seed: int) -> list[Id]:
    """So many of the ids, each with the same chance, in their order.

    Source: algorithm R of Vitter, "Random sampling with a reservoir", ACM TOMS 11, 1985.
    """
    stream = iter(ids)
    chosen = list(enumerate(islice(stream, count)))
    rng = np.random.default_rng(seed)
    for number, one in enumerate(stream, count):
        place = int(rng.integers(0, number + 1))
        if place < count:
            chosen[place] = (number, one)
    return [one for _, one in sorted(chosen, key=lambda pair: pair[0])]
