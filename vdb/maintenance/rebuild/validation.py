"""Validation of a built generation: its graph and its recall, before the swap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError, RebuildError
from vdb.index import DEFAULT_EF, Neighbors
from vdb.index.vectors import recall_curve
from vdb.index.vectors.online_build import Building
from vdb.index.vectors.recall_curve import AUTOMATIC_QUERIES, Curve, automatic
from vdb.index.vectors.tuning import tuning_to_map
from vdb.model.arguments import number
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS
from vdb.store import CollectionView
from vdb.store.format.generation import GenerationRecord

__all__ = ["RECALL_FLOOR", "recall_floor", "validated"]

RECALL_FLOOR = 0.5
"""Sampled recall@10 below which a generation is refused, unless the caller gives another bound. A
sound graph reaches more on any data that has neighbours to find."""

K = 10
_SEED = 0x7664


def recall_floor(validate: object) -> float | None:
    """The recall that ``validate=`` asks for: True is `RECALL_FLOOR`, False none, or 0..1."""
    if validate is True:
        return RECALL_FLOOR
    if validate is False:
        return None
    floor = number("validate", validate)
    if not 0 <= floor <= 1:
        raise InvalidArgumentError(
            f"validate must be True, False, or a recall between 0 and 1, got {floor:g}",
            expected="0 to 1",
            received=floor,
        )
    return floor


def validated(
    latest: Callable[[], tuple[Building, CollectionView]], record: GenerationRecord, floor: float
) -> float | None:
    """Refuse a graph that is broken or finds too little; return its sampled recall, 0..1.

    1. Every invariant of the graph is verified: links returned, every vector reached, counts. One
       with vectors of its own has one for each record, and none beside.
    2. Stored vectors are searched for, through the graph with the default ef and exactly: the
       recall is the share of the K nearest others that the graph finds; None without others.
    3. The record of a large collection gets the ef that the default recall target takes.

    `latest` gives the build, and the collection in use, as of the newest commit; each step takes
    its own.

    Raises:
        RebuildError: The generation must not be used; the one in use stays.
    """
    building, in_use = latest()
    problems = list(islice(building.problems(in_use), 3))
    if problems:
        listed = "; ".join(f"{where}: {what}" for where, what in problems)
        raise RebuildError(f"the new generation is broken and was not put to use: {listed}")
    building, in_use = latest()
    differing = building.differing_slots()
    if differing.size:
        raise RebuildError(
            f"the new generation is broken and was not put to use: {differing.size:,} slots have a "
            f"vector in it and no record, or a record and no vector, such as slot {differing[0]}",
            received=differing.size,
        )
    sample = Sample.of(building, in_use, record)
    if sample is None:
        return None
    recall = sample.recall(DEFAULT_EF)
    if recall < floor:
        raise RebuildError(
            f"the new generation finds {recall:.1%} of the {K} nearest vectors in a sample, and "
            f"{floor:.0%} are required: it was not put to use. Rebuild with a larger M or "
            "ef_construction, or say validate=False (or a lower bound) to use it all the same",
            expected=floor,
            received=recall,
        )
    if record.index["type"] == "hnsw" and in_use.header.vector_count >= recall_curve.AUTOMATIC_FROM:
        measure = _RecallMeasure(latest, record, in_use, sample)
        curve = Curve(measure, k=K, queries=len(sample.slots), records=in_use.header.vector_count)
        record.tuning = tuning_to_map(automatic(curve))
    return recall


class _RecallMeasure:
    """Recall by ef as of the newest commit; exact search is repeated where that changed."""

    def __init__(
        self,
        latest: Callable[[], tuple[Building, CollectionView]],
        record: GenerationRecord,
        view: CollectionView,
        sample: Sample,
    ) -> None:
        self._latest = latest
        self._record = record
        self._view = view
        self._sample = sample

    def __call__(self, ef: int) -> float:
        building, view = self._latest()
        if view is not self._view:
            self._view = view
            self._sample = Sample.of(building, view, self._record) or self._sample
        return self._sample.recall(ef)


@dataclass(frozen=True, slots=True)
class Sample:
    """Stored vectors as queries, and their exact neighbours in the new generation."""

    building: Building
    metric: str
    slots: NDArray[np.uint32]
    queries: NDArray[Any]
    exact: Neighbors

    @classmethod
    def of(
        cls, building: Building, in_use: CollectionView, record: GenerationRecord
    ) -> Self | None:
        """A sample of the build; None where there are fewer than two vectors."""
        slots = building.sample(AUTOMATIC_QUERIES, _SEED)
        if in_use.header.vector_count <= 1 or not slots.size:
            return None
        queries = building.vectors(slots).astype(DTYPES[DTYPES[record.dtype].queries].stored)
        exact = building.search(queries, K + 1, ef=DEFAULT_EF, exact=True)
        return cls(building, record.metric, slots, queries, exact)

    def recall(self, ef: int) -> float:
        """The share of the K nearest others that the new graph finds with this ef."""
        # A stored vector is one of its own K + 1 nearest.
        hits = self.building.search(self.queries, K + 1, ef=max(ef, K) + 1, exact=False)
        return _recall(self.slots, hits, self.exact, self.metric)


def _recall(slots: NDArray[np.uint32], hits: Neighbors, exact: Neighbors, metric: str) -> float:
    """The share of exact neighbours that were found, by value: of equally near ones any counts."""
    closer = METRICS[metric].closer
    hit_count = total = 0
    for row, slot in enumerate(slots.tolist()):
        nearest = _others(exact, row, slot)[:K]
        if not nearest.size:
            continue
        values = _others(hits, row, slot)[:K]
        total += len(nearest)
        hit_count += int(np.count_nonzero(closer(values, nearest[-1])))
    return hit_count / total if total else 1.0


def _others(hits: Neighbors, row: int, slot: int) -> NDArray[np.float64]:
    """The values of a query's hits without the vector itself."""
    count = int(hits.counts[row])
    values: NDArray[np.float64] = hits.values[row, :count]
    others: NDArray[np.float64] = values[hits.slots[row, :count] != slot]
    return others
