"""The two lists of a hybrid search, by words and by vector, and their fusion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.fusion.fused_hits import FusedHits, FusedList
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.ranked_list import ListReading, RankedList, ranked_list
from vdb.fusion.run import can_enter, fused, read_settings, within_window
from vdb.fusion.settings import Settings
from vdb.model.hits import Hits
from vdb.model.records import Direction, Id, Payload
from vdb.query.score_convention import convention_of
from vdb.scores.table import Convention, convention_named
from vdb.store.format.headers import CollectionHeader

__all__ = [
    "PARTS",
    "HybridPlan",
    "Part",
    "fuse_parts",
    "hybrid_plan",
    "require_parts",
    "vector_part",
]

PARTS = ("text", "vector")


class Part(NamedTuple):
    """A list of a hybrid search, best first."""

    name: str  # one of PARTS
    scores: str  # the convention
    ids: list[Id]
    numbers: NDArray[Any]
    direction: Direction

    def first(self, n: int) -> Part:
        """The best n of it."""
        return self._replace(ids=self.ids[:n], numbers=self.numbers[:n])

    def ranked(self, how: ListReading) -> RankedList:
        """The list as a fusion takes it; unusual scores as the engine reads them."""
        numbers = self.numbers.astype(np.float64)
        if np.isfinite(numbers).all():
            return RankedList(self.ids, numbers, self.direction)
        name = f"the list by {self.name}"
        return ranked_list(name, (self.ids, numbers.tolist()), self.direction, how)


class HybridPlan(NamedTuple):
    """A fusion and its settings for the lists of a collection."""

    row: Fusion
    settings: Settings
    parts: tuple[str, ...]
    text_scores: str
    vector_scores: Convention | None  # None without a list by vector
    window: int
    k: int | None  # None: all


def hybrid_plan(
    header: CollectionHeader,
    row: Fusion,
    parts: tuple[str, ...],
    *,
    k: int,
    weights: Any,
    window: int | None,
    parameters: Mapping[str, Any],
    text_scores: str | None = None,
    vector_scores: str | None = None,
) -> HybridPlan:
    """What a fusion makes of the lists of a collection.

    Args:
        header: The collection's.
        row: The fusion.
        parts: The lists that there are, of `PARTS` in their order. One alone is fused as the
            engine fuses one list; an engine that takes two lists gets an empty one.
        k: The largest number of hits.
        weights: Those of both lists, checked as such, also where there is one list; or None.
        window: How many hits of each list enter; None for the engine's own number.
        parameters: Others of the engine. Those that the collection decides are set here.
        text_scores: The convention of the words; None for that of the engine.
        vector_scores: That of the vectors.

    Raises:
        ArgumentTypeError, InvalidArgumentError: As `vdb.fusion.fuse`, or there is no convention of
            that name for the collection's metric.
    """
    first = row.default_window(k) if window is None else window
    within_window(row, window, k)
    taken = PARTS if row.inputs != "any" or row.fewest_lists > 1 else parts
    own = row.metric_parameters(header.metric, taken)
    settings = read_settings(row, weights, {**own, **parameters}, len(PARTS))
    return HybridPlan(
        row,
        settings if len(taken) > 1 else _of_one(settings, PARTS.index(taken[0])),
        taken,
        row.text_scores or "native" if text_scores is None else text_scores,
        _vector_convention(header, row, vector_scores) if "vector" in parts else None,
        first,
        k,
    )


def _of_one(settings: Settings, place: int) -> Settings:
    """The settings of one list, out of those of both."""
    weights = settings.weights
    values = {
        name: (value[place],) if isinstance(value, tuple) and len(value) == len(PARTS) else value
        for name, value in settings.values.items()
    }
    return Settings(None if weights is None else [weights[place]], values, settings.chosen)


def _vector_convention(header: CollectionHeader, row: Fusion, name: str | None) -> Convention:
    """The convention in which the vectors enter."""
    if name is not None:
        return convention_named(name, header.metric, dtype=header.dtype, argument="vector_scores")
    if row.vector_scores:
        try:
            return convention_named(row.vector_scores, header.metric, dtype=header.dtype)
        except InvalidArgumentError:
            raise InvalidArgumentError(
                f"fusion: {row.name} takes the vectors' scores as {row.vector_scores} has them, "
                f"which has none for {header.metric} of {header.dtype}; vector_scores= names "
                "another convention",
                expected=f"a metric of {row.vector_scores}",
                received=header.metric,
            ) from None
    own = convention_of(header, None)
    if row.enters == "scores" and own.direction == "lower":
        return convention_named("relevance", header.metric, dtype=header.dtype)
    return own


def _no_entry(row: Fusion, part: Part, wanted: Direction) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"fusion: {row.name} takes scores of which {wanted} is better, and those of the list by "
        f"{part.name} ({part.scores}) are better where {part.direction}; {part.name}_scores= names "
        "another convention",
        expected=wanted,
        received=part.direction,
    )


def vector_part(hits: Hits) -> Part:
    """The list by vector, of a search's hits."""
    ids: list[Id] = hits.ids.tolist()
    return Part("vector", hits.convention, ids, hits.scores, hits.direction)


def fuse_parts(
    plan: HybridPlan,
    parts: Sequence[Part],
    *,
    threshold: float | None = None,
    payloads_of: Callable[[list[Id]], Sequence[Payload]] | None = None,
    generation: int | None = None,
) -> FusedHits:
    """The fused hits of the lists that there are.

    Args:
        plan: The fusion.
        parts: The lists, as many hits of each as the window has, or more.
        threshold: The worst score that a hit may have.
        payloads_of: Reads the payloads of the hits; None for hits without.
        generation: The generation of the collection that they are of.

    Raises:
        InvalidArgumentError: A list whose scores the engine cannot take.
    """
    row, settings = plan.row, plan.settings
    by_name = {part.name: part.first(plan.window) for part in parts}
    lists, about = [], []
    for place, name in enumerate(plan.parts):
        usual = row.usual_direction(place, settings)
        part = by_name.get(name)
        if part is None:
            lists.append(RankedList([], np.empty(0), usual or "higher"))
            about.append(FusedList(name, "", usual or "higher", 0))
            continue
        if not can_enter(row, part.direction, usual):
            raise _no_entry(row, part, usual or "higher")
        lists.append(part.ranked(row.reading))
        about.append(FusedList(name, part.scores, part.direction, len(part.ids)))
    return fused(
        row,
        lists,
        settings,
        plan.k,
        lists=tuple(about),
        window=plan.window,
        threshold=threshold,
        payloads_of=payloads_of,
        generation=generation,
    )


def require_parts(text: object, vector: object) -> tuple[str, ...]:
    """The names of the lists that a search has; InvalidArgumentError where there is none."""
    parts = tuple(
        name for name, value in zip(PARTS, (text, vector), strict=True) if value is not None
    )
    if not parts:
        raise InvalidArgumentError(
            "text or vector must be given, or both", expected="text, vector", received=None
        )
    return parts
