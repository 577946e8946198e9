"""What a fusion returns: hits, best first, each with the part of every list in its score."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome
from vdb.model.hits import id_array
from vdb.model.records import Direction, Id, Payload

__all__ = ["FusedHit", "FusedHits", "FusedList", "ListShare"]


@dataclass(frozen=True, slots=True)
class ListShare:
    """What one list has to do with a fused score.

    Attributes:
        rank: The hit's rank in the list as the engine counts; None where the list lacks it and the
            engine gives it none.
        score: Its score in the list; None where the list lacks it.
        normalized: That score as it enters the combination; None where only ranks do.
        share: The list's part of the fused score: all parts together are the score, but for
            rounding. None where the engine's combination is no sum.
    """

    rank: int | None
    score: float | None
    normalized: float | None
    share: float | None


@dataclass(frozen=True, slots=True)
class FusedHit:
    """One result of a fusion.

    Attributes:
        id: The record's id.
        score: The number that the engine gives it, in its direction.
        lists: One `ListShare` for each list, in their order.
        payload: The record's payload, of a hybrid search that reads payloads; else None.
        names: What the lists are called: "text" and "vector" of a hybrid search.
    """

    id: Id
    score: float
    lists: tuple[ListShare, ...]
    payload: Payload = None
    names: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def parts(self) -> dict[str, ListShare]:
        """The same lists by name: "text" and "vector" of a hybrid search, else "list 0" and so on.

        Example:
            hits[0].parts["text"].rank
        """
        return dict(zip(self.names or _numbered(self.lists), self.lists, strict=True))

    def explain(self) -> str:
        """The score in words, a line for each list.

        Example:
            print(hits[0].explain())
        """
        lines = [f"{self.id!r}: {self.score:.9g}"]
        for name, one in self.parts.items():
            if one.score is None and one.share in (None, 0) and one.rank is None:
                lines.append(f"  {name}: not in it")
                continue
            facts = {
                "rank": one.rank,
                "score": one.score,
                "normalized": one.normalized,
                "share": one.share,
            }
            shown = [f"{name} {number:.9g}" for name, number in facts.items() if number is not None]
            absent = "not in it, " if one.score is None else ""
            lines.append(f"  {name}: {absent}{', '.join(shown)}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Id, score and lists as a dict that JSON can hold, and the payload if there is one.

        Each list has its name, but for those of `fuse`, which have none. NaN and infinity become
        None.
        """
        facts = ("rank", "score", "normalized", "share")
        parts: list[dict[str, Any]] = []
        for place, one in enumerate(self.lists):
            name = {"name": self.names[place]} if self.names else {}
            parts.append({**name, **{fact: _finite(getattr(one, fact)) for fact in facts}})
        row = {"id": self.id, "score": _finite(self.score), "lists": parts}
        return row if self.payload is None else {**row, "payload": self.payload}


class FusedList(NamedTuple):
    """A list of a hybrid search.

    Attributes:
        name: "text" or "vector".
        scores: The convention of its scores.
        direction: Which of them are better.
        hits: How many hits of it entered.
    """

    name: str
    scores: str
    direction: Direction
    hits: int


class FusedHits(Sequence[FusedHit]):
    """What a fusion found, best first, in the engine's order.

    Attributes:
        fusion: The row of the engine.
        direction: Which scores are better.
        lists: What was fused, of a hybrid search; () of `fuse`.
        window: How many hits of each list entered at most, of a hybrid search; None of `fuse`.
        generation: The number of the collection's generation that answered, as of `Hits`; None of
            `fuse`.
    """

    __slots__ = (
        "_ids",
        "_order",
        "_outcome",
        "_payloads",
        "_scores",
        "direction",
        "fusion",
        "generation",
        "lists",
        "window",
    )

    def __init__(
        self,
        outcome: Outcome,
        fusion: Fusion,
        k: int | None,
        *,
        lists: tuple[FusedList, ...] = (),
        window: int | None = None,
        threshold: float | None = None,
        payloads_of: Callable[[list[Id]], Sequence[Payload]] | None = None,
        generation: int | None = None,
    ) -> None:
        """The best k of an outcome, or all; with a threshold, those at least as good."""
        order = outcome.order
        if threshold is not None:
            scores = outcome.scores[order].astype(np.float64)
            inside = scores <= threshold if fusion.direction == "lower" else scores >= threshold
            order = order[inside]
        self._outcome = outcome
        self._order = order[:k]
        self.lists = lists
        self.window = window
        self.generation = generation
        self._ids = [outcome.candidates.ids[place] for place in self._order]
        self._scores = outcome.scores[self._order]
        self._scores.flags.writeable = False
        self._payloads = None if payloads_of is None else payloads_of(self._ids)
        self.fusion = fusion
        self.direction: Direction = fusion.direction

    @property
    def ids(self) -> NDArray[Any]:
        """The ids, shape (n,): int64, or objects of type str."""
        return id_array(self._ids)

    @property
    def scores(self) -> NDArray[Any]:
        """The fused scores, shape (n,), in the type that the engine has them in."""
        return self._scores

    @property
    def payloads(self) -> list[Payload]:
        """The payloads, n of them; None where a record has none, or they were not asked for."""
        return [None] * len(self) if self._payloads is None else list(self._payloads)

    def __len__(self) -> int:
        return len(self._ids)

    def _hit(self, index: int) -> FusedHit:
        place = int(self._order[index])
        outcome = self._outcome
        return FusedHit(
            self._ids[index],
            float(self._scores[index]),
            tuple(_share(outcome, i, place) for i in range(len(outcome.candidates.lists))),
            None if self._payloads is None else self._payloads[index],
            tuple(one.name for one in self.lists),
        )

    @overload
    def __getitem__(self, index: int) -> FusedHit: ...
    @overload
    def __getitem__(self, index: slice) -> list[FusedHit]: ...
    def __getitem__(self, index: int | slice) -> FusedHit | list[FusedHit]:
        if isinstance(index, slice):
            return [self._hit(i) for i in range(len(self))[index]]
        return self._hit(range(len(self))[index])

    def __iter__(self) -> Iterator[FusedHit]:
        return map(self._hit, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FusedHits):
            return NotImplemented
        return self.fusion.name == other.fusion.name and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def explain(self) -> str:
        """Every hit in words; see `FusedHit.explain`."""
        return "\n".join(hit.explain() for hit in self)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The hits as dicts that JSON can hold.

        Example:
            text = json.dumps(hits.to_dicts())
        """
        return [hit.to_dict() for hit in self]

    def __repr__(self) -> str:
        shown = [
            f"{one!r}: {score:.6g}"
            for one, score in zip(self._ids[:3], self._scores[:3].tolist(), strict=True)
        ]
        more = ", ..." if len(self) > len(shown) else ""
        return (
            f"<FusedHits: {len(self)}, fusion={self.fusion.name} ({self.direction} is better) "
            f"[{', '.join(shown)}{more}]>"
        )


def _share(outcome: Outcome, row: int, place: int) -> ListShare:
    candidates = outcome.candidates
    inside = bool(candidates.present[row, place])
    rank = int(outcome.ranks[row, place])
    score = None
    if inside:
        score = float(candidates.raw_scores[row, place])
    return ListShare(
        rank if inside or rank > 0 else None,
        score,
        None if outcome.normalized is None else _number(outcome.normalized[row, place]),
        None if outcome.shares is None else float(outcome.shares[row, place]),
    )


def _numbered(lists: Sequence[object]) -> tuple[str, ...]:
    return tuple(f"list {place}" for place in range(len(lists)))


def _finite(number: float | None) -> float | None:
    return number if number is None or math.isfinite(number) else None


def _number(value: np.generic) -> float | None:
    number = float(value)
    return None if np.isnan(number) else number
