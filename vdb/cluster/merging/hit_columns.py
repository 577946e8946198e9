"""What a shard answers a search with: the columns of its hits, one query after the other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.model.hits import Hits, HitsDescription, ManyHits
from vdb.model.records import Ids

__all__ = ["HitColumns", "columns_of", "columns_of_one"]


class HitColumns(NamedTuple):
    """The hits of all queries of a call, as one shard has them; they can be pickled.

    Attributes:
        ids: int64, shape (n,), or a list of n strs.
        values: float64, shape (n,).
        scores: float32 or float64, shape (n,).
        counts: How many hits each query has, int64, shape (queries,).
        description: Metric, convention, direction, layout of the records, and plan.
        payloads: Each as msgpack, None where there is none; None where they were not asked for.
        vectors: As stored, shape (n, dim), bits packed; None where they were not asked for.
    """

    ids: Ids
    values: NDArray[np.float64]
    scores: NDArray[np.floating]
    counts: NDArray[np.int64]
    description: HitsDescription
    payloads: list[bytes | None] | None = None
    vectors: NDArray[Any] | None = None


def columns_of(hits: ManyHits) -> HitColumns:
    """The columns of hits, as they are: nothing is copied or decoded."""
    everything = hits._all  # noqa: SLF001 - the columns of all queries in a row
    payloads = everything._payloads  # noqa: SLF001
    return HitColumns(
        everything._ids,  # noqa: SLF001
        everything._values,  # noqa: SLF001
        everything._scores,  # noqa: SLF001
        hits.counts,
        everything._description(),  # noqa: SLF001
        None if payloads is None else payloads.encoded,
        everything._vectors,  # noqa: SLF001
    )


def columns_of_one(hits: Hits) -> HitColumns:
    """As `columns_of`, of one query."""
    payloads = hits._payloads  # noqa: SLF001 - the columns as they are
    return HitColumns(
        hits._ids,  # noqa: SLF001
        hits._values,  # noqa: SLF001
        hits._scores,  # noqa: SLF001
        np.array([len(hits._ids)]),  # noqa: SLF001
        hits._description(),  # noqa: SLF001
        None if payloads is None else payloads.encoded,
        hits._vectors,  # noqa: SLF001
    )
