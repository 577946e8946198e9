"""What a collection knows about its own recall: a measured curve, and the ef that follows.

The curve is stored with the generation whose graph it was measured on; a new generation begins
without one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vdb.errors import BusyError, InvalidArgumentError
from vdb.index.types import View
from vdb.model.arguments import number
from vdb.model.config import LIMITS
from vdb.model.results import Interval, Result, utc
from vdb.store import WritableCollection

__all__ = [
    "AUTOMATIC_ADDED",
    "CurvePoint",
    "Tuning",
    "keep_tuning",
    "recall_target",
    "search_ef",
    "tuning_from_map",
    "tuning_to_map",
]

AUTOMATIC_ADDED = 1_000
"""Vectors that one call must add for a collection to be tuned by itself; see `recall_curve`."""

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


def recall_target(target: object) -> float:
    """A recall to be reached: above 0, at most 1."""
    value = number("target_recall", target)
    if not 0 < value <= 1:
        raise InvalidArgumentError(
            f"target_recall must be above 0 and at most 1, got {value:g}",
            expected="(0, 1]",
            received=value,
        )
    return value


def search_ef(view: View, k: int | None, ef: int | None, target: object) -> int | None:
    """The ef of a search: as given, as the curve says, or None where nobody says anything.

    Raises:
        InvalidArgumentError: A target beside an ef, without a curve, or above what was measured.
    """
    if target is None and ef is not None:
        return ef
    tuning = view.generation.tuning
    if target is None:
        return None if tuning is None else _scaled(tuning["ef"], k, tuning["k"])
    wanted = recall_target(target)
    if ef is not None:
        raise InvalidArgumentError(
            "ef and target_recall both say how much to look at; give one of them",
            expected="ef or target_recall",
            received=(ef, wanted),
        )
    if not view.links:
        return None  # exact
    name = view.header.name
    if tuning is None:
        raise InvalidArgumentError(
            f"target_recall needs a measured curve and collection {name!r} has none yet: "
            f"collection.tune(target_recall={wanted:g}), or vdb tune DIR {name} "
            f"--target-recall {wanted:g}, measures it",
            expected="a tuned collection",
            received=wanted,
        )
    found = tuning_from_map(tuning).reaching(wanted)
    if found is None:
        ef_, best, *_ = max(tuning["curve"], key=lambda point: point[1])
        raise InvalidArgumentError(
            f"target_recall={wanted:g} is above what was measured for collection {name!r}: "
            f"{best:.4f} at ef={ef_}. collection.tune(target_recall={wanted:g}) measures further",
            expected=best,
            received=wanted,
        )
    return _scaled(found, k, tuning["k"])


def _scaled(ef: int, k: int | None, measured: int) -> int:
    """More hits than it was measured with take more candidates, in proportion."""
    if k is None or k <= measured:
        return ef
    return min(-(-ef * k // measured), LIMITS.ef)
