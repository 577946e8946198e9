"""The queries that something is measured with: given ones, or a sample of what is stored.

A stored vector as a query lies amid the data, which real queries often do not; figures from real
queries are worth more. It does not count as its own neighbour.
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

__all__ = ["Queries", "given", "given_or_sampled"]

LARGEST_SAMPLE = 100_000


@dataclass(frozen=True, slots=True)
class Queries:
    """Queries, and where they come from.

    Attributes:
        matrix: As a search has queries, C-contiguous, shape (n, dim).
        own: The slots that they were taken from, uint32 (n,); None when they were given.
    """

    matrix: NDArray[Any]
    own: NDArray[np.uint32] | None = None

    def __len__(self) -> int:
        return len(self.matrix)


def given(view: index.View, queries: ArrayLike, metrics: tuple[str, ...]) -> Queries:
    """Queries that were given, shape (n, dim) or (dim,), acceptable to all of these metrics.

    Raises:
        DimensionMismatchError, InvalidVectorError, ArgumentTypeError: As for a search.
        InvalidArgumentError: There are none.
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


def given_or_sampled(
    reader: index.Reader,
    view: index.View,
    queries: ArrayLike | None,
    *,
    sample: int,
    seed: int,
) -> Queries:
    """The queries that were given, or `sample` stored vectors, drawn with `seed`.

    Raises:
        InvalidArgumentError: The collection holds fewer than two records, or sample is out of
            range; and as `given`.
    """
    header = view.header
    if header.count < 2:
        raise InvalidArgumentError(
            f"collection {header.name!r} has {header.count} records; there is nothing to measure",
            expected="2 or more records",
            received=header.count,
        )
    if queries is not None:
        return given(view, queries, (header.metric,))
    size = whole("sample", sample, 1, LARGEST_SAMPLE)
    live = np.flatnonzero(index.norms(reader, view) >= 0).astype(np.uint32)
    if size < len(live):
        live = np.sort(np.random.default_rng(seed).choice(live, size=size, replace=False))
    stored = index.stored_vectors(reader, view, live)
    return Queries(stored.astype(_dtype(view).stored, copy=False), live)


def _dtype(view: index.View) -> DType:
    """What queries are made of."""
    return DTYPES[DTYPES[view.header.dtype].queries]
