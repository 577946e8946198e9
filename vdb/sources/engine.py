"""The library that made a source, asked for neighbours, so that its answers can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vdb.model.metrics import metric_named
from vdb.model.records import Id
from vdb.sources.batch import SourceBatch

__all__ = ["Answer", "Engine", "ExactSearch"]


class Answer(NamedTuple):
    """Neighbours of one query, in the engine's order.

    Attributes:
        ids: Their ids, as the source gives them.
        scores: The engine's own numbers.
    """

    ids: Sequence[Id]
    scores: Sequence[float]


class Engine(Protocol):
    """A library, opened on a source.

    Attributes:
        name: Its name and version, such as "faiss 1.15.1".
        exact: Whether its search looks at every vector.
    """

    name: str
    exact: bool

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """The neighbours of each query (n, dim); fewer where the engine gives fewer."""


class _Batches(Protocol):
    def batches(self) -> Iterable[SourceBatch]: ...


class ExactSearch:
    """All vectors of a source compared with the queries in float64; its scores are values."""

    name = "exact search"
    exact = True

    def __init__(self, source: _Batches, metric: str, dtype: str) -> None:
        self._source, self._metric, self._dtype = source, metric_named(metric), dtype

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """The `k` nearest of each query, nearest first."""
        best: list[list[tuple[float, Id]]] = [[] for _ in queries]
        sign = 1.0 if self._metric.direction == "lower" else -1.0
        for batch in self._source.batches():
            there = np.ones(len(batch), np.bool_) if batch.missing is None else ~batch.missing
            ids = batch.id_list()
            for row, query in enumerate(queries):
                keys = sign * self._metric.values(query, self._stored(batch.vectors))
                keys[~there | np.isnan(keys)] = np.inf
                near = np.argpartition(keys, k)[:k] if len(keys) > k else np.arange(len(keys))
                merged = best[row] + [
                    (float(keys[place]), ids[place]) for place in near if keys[place] < np.inf
                ]
                best[row] = sorted(merged, key=lambda pair: pair[0])[:k]
        return [
            Answer([one for _, one in pairs], [sign * key for key, _ in pairs]) for pairs in best
        ]

    def _stored(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """The vectors as the collection's dtype holds them."""
        if self._dtype == "bit":
            return vectors.view(np.uint8)
        return vectors.astype(self._dtype, copy=False)
