"""Whether a built generation is good enough to be used: judged before the swap, never after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError, RebuildError
from vdb.index import DEFAULT_EF, Building, Neighbors, tuning_to_map
from vdb.index.vectors import recall_curve
from vdb.index.vectors.recall_curve import AUTOMATIC_QUERIES, Curve, automatic
from vdb.model.arguments import number
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS
from vdb.store import CollectionView
from vdb.store.format.generation import GenerationRecord

__all__ = ["FLOOR", "floor_of", "validated"]

FLOOR = 0.5
"""Sampled recall below which a generation is refused, unless the caller says otherwise. A sound
graph reaches more on any data that has neighbours to find."""

K = 10
_SEED = 0x7664


def floor_of(validate: object) -> float | None:
    """The recall that ``validate=`` asks for: True is `FLOOR`, False none at all, or 0..1."""
    if validate is True:
        return FLOOR
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
    now: Callable[[], tuple[Building, CollectionView]], record: GenerationRecord, floor: float
) -> float | None:
    """Refuse a graph that is broken or finds too little; its sampled recall.

    Every promise about the graph is verified: links returned, every vector reached, counts. Then
    stored vectors are searched for, through the graph with the default ef and exactly: the recall
    is the share of the K nearest others that the graph finds. None where there are no others. In
    a large collection the record then gets the ef that recall takes. `now` gives what there is at
    the newest moment; the two steps are done at one each.

    Raises:
        RebuildError: It must not be used; the generation in use stays.
    """
    building, beside = now()
    problems = list(islice(building.problems(beside), 3))
    if problems:
        listed = "; ".join(f"{where}: {what}" for where, what in problems)
        raise RebuildError(f"the new generation is broken and was not put to use: {listed}")
    building, beside = now()
    sample = Sample.of(building, beside, record)
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
    if record.index["type"] == "hnsw" and beside.header.count >= recall_curve.AUTOMATIC_FROM:
        latest = [(beside, sample)]

        def measured(ef: int) -> float:
            """At the newest moment; what exact search says there is found out where it moved."""
            here, there = now()
            if there is not latest[-1][0]:
                latest[:] = [(there, Sample.of(here, there, record) or sample)]
            return latest[-1][1].recall(ef)

        found = Curve(measured, k=K, queries=len(sample.slots), records=beside.header.count)
        record.tuning = tuning_to_map(automatic(found))
    return recall


@dataclass(frozen=True, slots=True)
class Sample:
    """Stored vectors, and what is nearest to them by exact search over the new generation."""

    building: Building
    metric: str
    slots: NDArray[np.uint32]
    queries: NDArray[Any]
    exact: Neighbors

    @classmethod
    def of(
        cls, building: Building, beside: CollectionView, record: GenerationRecord
    ) -> Self | None:
        """None where there are no two vectors."""
        slots = building.sample(AUTOMATIC_QUERIES, _SEED)
        if beside.header.count <= 1 or not slots.size:
            return None
        queries = building.vectors(slots).astype(DTYPES[DTYPES[record.dtype].queries].stored)
        exact = building.search(queries, K + 1, ef=DEFAULT_EF, exact=True)
        return cls(building, record.metric, slots, queries, exact)

    def recall(self, ef: int) -> float:
        """The share of the K nearest others that the new graph finds with this ef."""
        # A stored vector takes one of the places itself.
        found = self.building.search(self.queries, K + 1, ef=max(ef, K) + 1, exact=False)
        return _recall(self.slots, found, self.exact, self.metric)


def _recall(slots: NDArray[np.uint32], found: Neighbors, exact: Neighbors, metric: str) -> float:
    """Hits are judged by value, so that it does not matter which of equal ones were found."""
    closer = METRICS[metric].closer
    hit = wanted = 0
    for row, slot in enumerate(slots.tolist()):
        nearest = _others(exact, row, slot)[:K]
        if not nearest.size:
            continue
        values = _others(found, row, slot)[:K]
        wanted += len(nearest)
        hit += int(np.count_nonzero(closer(values, nearest[-1])))
    return hit / wanted if wanted else 1.0


def _others(found: Neighbors, row: int, slot: int) -> NDArray[np.float64]:
    count = int(found.counts[row])
    values: NDArray[np.float64] = found.values[row, :count]
    others: NDArray[np.float64] = values[found.slots[row, :count] != slot]
    return others
