"""The public classes `Tuning` and `CurvePoint`, and how a generation record stores them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vdb.errors import BusyError
from vdb.model.interval import Interval
from vdb.model.results import Result, utc
from vdb.store import WritableCollection

__all__ = ["CurvePoint", "Tuning", "keep_tuning", "tuning_from_map", "tuning_to_map"]

_UNKNOWN = Interval(0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class CurvePoint(Result):
    """One point of the curve: with this ef, that recall was measured."""

    ef: int
    recall: Interval


@dataclass(frozen=True, slots=True)
class Tuning(Result):
    """How recall depends on ef, as measured on one graph at one moment.

    Attributes:
        ef: What searches use unless told otherwise: the smallest measured ef that reached the
            target, or the largest that was measured where none did.
        target: The recall that was asked for.
        k: Hits of a query that it was measured with. A search for more of them keeps
            proportionally more candidates.
        queries: How many queries it was measured with.
        source: "given" queries, "stored" vectors of the collection, or "automatic": stored ones,
            measured by itself when many vectors were added, with a higher target than others have.
        records: How many records there were.
        when: When, UTC.
        version: By which release.
        curve: The measured points, ef rising.
        recall: What was measured with that ef, or with the largest below it. Short of the target
            where no ef reached it.
    """

    ef: int
    target: float
    k: int
    queries: int
    source: str
    records: int
    when: datetime
    version: str
    curve: tuple[CurvePoint, ...]
    recall: Interval = field(init=False)

    def __post_init__(self) -> None:
        measured = [point.recall for point in self.curve if point.ef <= self.ef]
        object.__setattr__(self, "recall", measured[-1] if measured else _UNKNOWN)

    def __str__(self) -> str:
        when = f"{self.when:%Y-%m-%d}"
        how = ", automatic" if self.source == "automatic" else ""
        return (
            f"ef={self.ef} for recall@{self.k} {self.found} ({self.records:,} records, {when}{how})"
        )

    @property
    def found(self) -> str:
        """The recall in words: the target, or what was measured where that falls short of it."""
        if self.recall.value >= self.target:
            return f"{self.target:g}"
        return f"{self.recall.value:.4f}, short of {self.target:g}"

    def reaching(self, target: float) -> int | None:
        """The smallest measured ef with that recall, or None."""
        return next((point.ef for point in self.curve if point.recall.value >= target), None)


def tuning_to_map(tuning: Tuning) -> dict[str, Any]:
    """As it is stored in a generation record."""
    return {
        "ef": tuning.ef,
        "target": tuning.target,
        "k": tuning.k,
        "queries": tuning.queries,
        "source": tuning.source,
        "records": tuning.records,
        "when": tuning.when.timestamp(),
        "version": tuning.version,
        "curve": [
            [point.ef, point.recall.value, point.recall.low, point.recall.high]
            for point in tuning.curve
        ],
    }


def tuning_from_map(stored: dict[str, Any]) -> Tuning:
    """The inverse; the generation record was checked when it was decoded."""
    given = dict(stored)
    curve = tuple(CurvePoint(ef, Interval(*recall)) for ef, *recall in given.pop("curve"))
    return Tuning(when=utc(given.pop("when")), curve=curve, **given)


def keep_tuning(collection: WritableCollection, tuning: Tuning, generation: int) -> None:
    """Stores what was measured on a generation.

    Raises:
        BusyError: That generation is not the current one any more.
    """
    if collection.generation.number != generation:
        raise BusyError(
            f"collection {collection.header.name!r} was rebuilt while it was being tuned; tune it "
            "again",
            expected=generation,
            received=collection.generation.number,
        )
    collection.generation.tuning = tuning_to_map(tuning)
