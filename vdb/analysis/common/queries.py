"""Queries of a measurement: those of the caller, or a sample of stored vectors.

A stored vector lies within the data, which real queries often do not; figures from real queries are
worth more. A stored query does not count as its own neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import index
from vdb.errors import InvalidArgumentError
from vdb.model import inputs
from vdb.model.arguments import whole
from vdb.model.dtypes import DTYPES, DType
from vdb.model.metrics import METRICS

__all__ = ["Queries", "checked_queries", "queries_or_sample"]

LARGEST_SAMPLE = 100_000


@dataclass(frozen=True, slots=True)
class Queries:
    """Queries, and their origin.

    Attributes:
        matrix: The queries in the type of a search, C-contiguous, shape (n, dim).
        own: The slots of stored vectors, uint32 (n,); None for queries of the caller.
    """

    matrix: NDArray[Any]
    own: NDArray[np.uint32] | None = None

    def __len__(self) -> int:
        return len(self.matrix)


def checked_queries(view: index.View, queries: ArrayLike, metrics: tuple[str, ...]) -> Queries:
    """The queries of the caller, shape (n, dim) or (dim,), checked for all of these metrics.

    Raises:
        DimensionMismatchError, InvalidVectorError, ArgumentTypeError: As for a search.
        InvalidArgumentError: There is no query.
    """
    strictest = max(
        (METRICS[name] for name in metrics), key=lambda metric: (metric.unit, metric.shortest)
    )
    matrix = inputs.vector_matrix(
        queries,
        dim=view.header.dim,
        metric=strictest,
        dtype=_dtype(view),
        rows=None,
        name="queries",
        one=True,
    )
    if not len(matrix):
        raise InvalidArgumentError("queries holds no query", expected="(n, dim)", received=0)
    return Queries(matrix)


def queries_or_sample(
    reader: index.Reader,
    view: index.View,
    queries: ArrayLike | None,
    *,
    sample: int,
    seed: int,
) -> Queries:
    """The queries of the caller, or `sample` stored vectors, drawn with `seed`.

    Raises:
        InvalidArgumentError: The collection holds fewer than two records, or sample is out of
            range; and as `checked_queries`.
    """
    header = view.header
    if header.vector_count < 2:
        records = f"{header.vector_count} records{'' if header.bare is None else ' with a vector'}"
        raise InvalidArgumentError(
            f"collection {header.name!r} has {records}; there is nothing to measure",
            expected="2 or more records",
            received=header.vector_count,
        )
    if queries is not None:
        return checked_queries(view, queries, (header.metric,))
    size = whole("sample", sample, 1, LARGEST_SAMPLE)
    slots = np.flatnonzero(index.norms(reader, view) >= 0).astype(np.uint32)
    if size < len(slots):
        slots = np.sort(np.random.default_rng(seed).choice(slots, size=size, replace=False))
    vectors = index.stored_vectors(reader, view, slots)
    return Queries(vectors.astype(_dtype(view).stored, copy=False), slots)


def _dtype(view: index.View) -> DType:
    """The type of the numbers in queries."""
    return DTYPES[DTYPES[view.header.dtype].queries]
