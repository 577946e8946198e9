"""The same stored vectors asked of the source's library and of the collection: are scores equal?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.api.collection import Collection
from vdb.api.importing.neighbor_recall import neighbor_recall
from vdb.api.importing.report import Difference, VerificationReport
from vdb.errors import InvalidArgumentError
from vdb.model.records import Id
from vdb.scores.conversion import conventions, score, value
from vdb.sources import Source, SourceBatch
from vdb.sources.engine import Answer, Engine, ExactSearch

__all__ = ["verify"]

_K = 10
_MOST_DIFFERENCES = 100
_PRECISION = 16 * float(np.finfo(np.float32).eps)
"""Of a sum of products in float32, relative to the squared lengths of the two vectors."""


def verify(
    source: Source,
    collection: Collection,
    queries: int,
    ids: str = "source",
    refused: AbstractSet[Id | None] = frozenset(),
) -> VerificationReport:
    """Ask `queries` stored vectors, evenly spread over the collection, of both.

    Each neighbour that the source's library gives must have the same score in the collection, in
    the source's convention. Where the library is not installed, an exact search over the source's
    own vectors stands in for it, also where `ids` are row numbers, which no library knows. Records
    of the source that were `refused` are left out of its answers.
    """
    metric, convention = collection.metric, source.info.convention
    if convention not in conventions(metric):
        convention = "native"
    records = _sample(collection, queries)
    if ids == "row":
        engine: Engine = ExactSearch(_Rows(source), metric, collection.dtype)
    else:
        engine = source.engine(metric) or ExactSearch(source, metric, collection.dtype)
    answers: Sequence[Answer] = []
    if records:
        answers = engine.search(np.stack([vector for _, vector in records]), _K)
    pairs = _Pairs(collection, convention)
    for (record_id, vector), answer in zip(records, answers, strict=True):
        scores = answer.scores
        if isinstance(engine, ExactSearch):
            scores = np.atleast_1d(pairs.score_of(scores)).tolist()
        there = [
            (str(one) if ids == "text" else one, number)
            for one, number in zip(answer.ids, scores, strict=True)
            if one not in refused
        ]
        pairs.add(record_id, vector, [one for one, _ in there], [number for _, number in there])
    return VerificationReport(
        queries=len(records),
        k=_K,
        engine=engine.name,
        exact=engine.exact,
        convention=convention,
        compared=pairs.compared,
        equal=pairs.equal,
        largest_difference=pairs.largest,
        tolerance=pairs.tolerance,
        overlap=pairs.near / pairs.expected if pairs.expected else 1.0,
        differences=tuple(pairs.differences[:_MOST_DIFFERENCES]),
        neighbors=neighbor_recall(source, collection, queries, ids),
    )


class _Rows:
    """A source whose ids are row numbers."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def batches(self) -> Iterator[SourceBatch]:
        """As `Source.batches`."""
        for batch in self._source.batches():
            yield replace(batch, ids=batch.rows)


@dataclass(slots=True)
class _Pairs:
    """Scores of both sides for the same neighbours.

    Attributes:
        tolerance: Of values: what the precision of float32 explains, for the longest vector asked.
        near: Neighbours of the source that are among the nearest of the collection.
    """

    collection: Collection
    convention: str
    compared: int = 0
    equal: int = 0
    near: int = 0
    expected: int = 0
    largest: float = 0.0
    tolerance: float = _PRECISION
    differences: list[Difference] = field(default_factory=list)

    def add(self, query: Id, vector: NDArray[Any], ids: list[Id], scores: Sequence[float]) -> None:
        """The neighbours `ids` of a query, with the source's scores."""
        collection = self.collection
        options: dict[str, Any] = {"exact": True, "scores": self.convention, "with_payloads": False}
        chosen = {"$id": {"$in": ids}}
        hits = collection.search(vector, k=max(1, len(ids)), where=chosen, **options)
        nearest = collection.search(vector, k=max(1, len(ids)), **options)
        own = {hit.id: hit for hit in hits}
        last = nearest[-1].value if len(nearest) else 0.0
        tolerance = self._tolerance(vector, [hit.value for hit in hits])
        self.tolerance = max(self.tolerance, tolerance)
        top = {hit.id for hit in nearest}
        for record_id, expected in zip(ids, scores, strict=True):
            self.expected += 1
            hit = own.get(record_id)
            if hit is None:
                self.differences.append(Difference(query, record_id, float(expected), None))
                continue
            self.compared += 1
            received = float(hit.score)
            self.equal += received == float(expected)
            self.near += record_id in top or abs(hit.value - last) <= tolerance
            distance = self._distance(float(expected), hit.value, received)
            self.largest = max(self.largest, distance)
            if not distance <= tolerance:
                self.differences.append(Difference(query, record_id, float(expected), received))

    def score_of(self, values: Any) -> Any:
        """Values as scores of the convention."""
        dim = self.collection.dim
        return score(
            np.asarray(values),
            metric=self.collection.metric,
            convention=self.convention,
            dim=dim,
            dtype=self.collection.dtype,
        )

    def _distance(self, expected: float, own_value: float, received: float) -> float:
        """Between values where the convention can be inverted, else between scores."""
        if expected == received or (np.isnan(expected) and np.isnan(received)):
            return 0.0
        try:
            source_value = value(
                expected,
                metric=self.collection.metric,
                convention=self.convention,
                dim=self.collection.dim,
                dtype=self.collection.dtype,
            )
        except InvalidArgumentError:  # not invertible, or by rounding beyond all scores
            return abs(expected - received)
        return abs(float(source_value) - own_value)

    def _tolerance(self, vector: NDArray[Any], values: Sequence[float]) -> float:
        """What rounding in float32 explains: of products of lengths; of 1 for cosines."""
        if self.collection.metric in ("cosine", "hamming"):
            return _PRECISION
        length = float(np.square(vector, dtype=np.float64).sum())
        return _PRECISION * max(1.0, 2 * length, *map(abs, values))


def _sample(collection: Collection, count: int) -> list[tuple[Id, NDArray[Any]]]:
    """Records with a vector, evenly spread."""
    step = max(1, len(collection) // max(1, count))
    chosen = [one for row, one in enumerate(collection.ids()) if row % step == 0][:count]
    records = collection.get(chosen)
    return [
        (record.id, record.vector)
        for record in records
        if record is not None and record.vector is not None
    ]
