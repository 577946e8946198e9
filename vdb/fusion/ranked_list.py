"""One list of a fusion: ids in rank order with their scores, from what people hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import arguments
from vdb.model.config import LIMITS
from vdb.model.records import Direction, Id

__all__ = ["ListReading", "RankedList", "ranked_list"]

NanRule: TypeAlias = Literal["refused", "zero", "lowest"]

_MOST = 10_000_000  # hits of one list


@dataclass(frozen=True, slots=True)
class RankedList:
    """Ids, best first, with their scores.

    Attributes:
        ids: The ids, n of them, none twice.
        scores: float64, shape (n,), in the list's own unit.
        direction: Which scores are better.
    """

    ids: list[Id]
    scores: NDArray[np.float64]
    direction: Direction

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, n: int | None) -> RankedList:
        """The best n of them; all for None."""
        return self if n is None else RankedList(self.ids[:n], self.scores[:n], self.direction)

    def sorted(self) -> RankedList:
        """The list in the order of its scores, equal ones in the order they had; NaN is last."""
        key = self.scores if self.direction == "lower" else -self.scores
        order = np.argsort(key, kind="stable")
        return RankedList([self.ids[i] for i in order], self.scores[order], self.direction)


@dataclass(frozen=True, slots=True)
class ListReading:
    """How an engine reads a list.

    Attributes:
        nan: What becomes of NaN: an error, the number 0, or a score below all others.
        infinite: Whether infinite scores are read.
        missing_scores: Whether a score may be None, which counts as 0.
        sorts: Whether the engine sorts each list again, so that its order does not matter.
    """

    nan: NanRule = "refused"
    infinite: bool = False
    missing_scores: bool = False
    sorts: bool = False


def ranked_list(name: str, value: Any, direction: Direction, how: ListReading) -> RankedList:
    """A list as a `RankedList`.

    Args:
        name: The list's name in messages.
        value: Pairs (id, score) or hits in rank order; a dict {id: score}, in any order; a tuple
            (ids, scores) of two arrays or lists, in rank order.
        direction: Which scores are better.
        how: What the engine does with unusual scores.

    Raises:
        ArgumentTypeError: Not one of these, or an id that is neither an int nor a str.
        InvalidArgumentError: An id that occurs twice, a score that the engine does not read, or a
            list that is not in rank order; the message names the list and the place.
    """
    ids, raw = _columns(name, value)
    scores = np.array(
        [_score(f"{name}[{place}]", score, how) for place, score in enumerate(raw)], np.float64
    )
    clean = [_id(f"{name}[{place}]", one) for place, one in enumerate(ids)]
    _refuse_repeats(name, clean)
    out = RankedList(clean, scores, direction)
    if isinstance(value, Mapping):
        return _in_order_of_ids(out).sorted()
    if how.sorts:
        return out.sorted()
    _refuse_disorder(name, out)
    return out


def _columns(name: str, value: Any) -> tuple[list[Any], list[Any]]:
    if isinstance(value, Mapping):
        return list(value), list(value.values())
    both = isinstance(value, tuple) and len(value) == 2
    if both and all(isinstance(part, list | np.ndarray) for part in value):
        ids, scores = (arguments.listed(name, part, _MOST) for part in value)
        if len(ids) != len(scores):
            raise InvalidArgumentError(
                f"{name} must have as many scores as ids, got {len(ids)} ids and {len(scores)} "
                "scores",
                expected=len(ids),
                received=len(scores),
            )
        return ids, scores
    pairs = [
        _pair(f"{name}[{place}]", entry)
        for place, entry in enumerate(arguments.sequence(name, value, _MOST))
    ]
    return [one for one, _ in pairs], [score for _, score in pairs]


def _pair(name: str, entry: Any) -> tuple[Any, Any]:
    if hasattr(entry, "id") and hasattr(entry, "score"):
        return entry.id, entry.score
    if not isinstance(entry, str | bytes | Mapping) and isinstance(entry, Iterable):
        parts = list(entry)
        if len(parts) == 2:
            return parts[0], parts[1]
    raise ArgumentTypeError(
        f"{name} must be a pair (id, score), got {arguments.shown(entry)}",
        expected="(id, score)",
        received=type(entry).__name__,
    )


def _id(name: str, value: Any) -> Id:
    if isinstance(value, str):
        return str.__str__(value)
    return arguments.whole(f"the id of {name}", value, LIMITS.id_min, LIMITS.id_max)


def _score(name: str, value: Any, how: ListReading) -> float:
    if value is None and how.missing_scores:
        return 0.0
    if isinstance(value, float | np.floating) and not math.isfinite(value):
        number = float(value)
        if math.isnan(number) and how.nan != "refused":
            return number
        if math.isinf(number) and how.infinite:
            return number
    return arguments.number(f"the score of {name}", value)


def _refuse_repeats(name: str, ids: list[Id]) -> None:
    places: dict[Id, int] = {}
    for place, one in enumerate(ids):
        earlier = places.setdefault(one, place)
        if earlier != place:
            raise InvalidArgumentError(
                f"{name} must have each id once, got {arguments.shown(one)} at places {earlier} "
                f"and {place}",
                expected="ids that differ",
                received=one,
            )


def _refuse_disorder(name: str, one: RankedList) -> None:
    better = np.less if one.direction == "lower" else np.greater
    wrong = np.flatnonzero(better(one.scores[1:], one.scores[:-1]))
    if len(wrong):
        place = int(wrong[0])
        worse, best = one.scores[place : place + 2].tolist()
        raise InvalidArgumentError(
            f"{name} must be in rank order: the score {best:g} at place {place + 1} is better than "
            f"{worse:g} before it, since {one.direction} is better; direction= says which is, and "
            "a dict is sorted",
            expected=f"scores in order, {one.direction} is better",
            received=(worse, best),
        )


def _in_order_of_ids(one: RankedList) -> RankedList:
    kinds = {type(value) for value in one.ids}
    if len(kinds) > 1:
        return one  # refused where all lists are seen
    order = sorted(range(len(one)), key=one.ids.__getitem__)
    return RankedList([one.ids[i] for i in order], one.scores[order], one.direction)
