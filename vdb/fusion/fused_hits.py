"""What a fusion returns: hits, best first, each with the part of every list in its score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome
from vdb.model.hits import id_array
from vdb.model.records import Direction, Id

__all__ = ["FusedHit", "FusedHits", "ListShare"]


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
    """

    id: Id
    score: float
    lists: tuple[ListShare, ...]

    def explain(self) -> str:
        """The score in words, a line for each list.

        Example:
            print(hits[0].explain())
        """
        lines = [f"{self.id!r}: {self.score:.9g}"]
        for place, one in enumerate(self.lists):
            if one.score is None and one.share in (None, 0) and one.rank is None:
                lines.append(f"  list {place}: not in it")
                continue
            facts = {
                "rank": one.rank,
                "score": one.score,
                "normalized": one.normalized,
                "share": one.share,
            }
            shown = [f"{name} {number:.9g}" for name, number in facts.items() if number is not None]
            absent = "not in it, " if one.score is None else ""
            lines.append(f"  list {place}: {absent}{', '.join(shown)}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Id, score and lists as a dict that JSON can hold."""
        names = ("rank", "score", "normalized", "share")
        parts = [{name: getattr(one, name) for name in names} for one in self.lists]
        return {"id": self.id, "score": self.score, "lists": parts}


class FusedHits(Sequence[FusedHit]):
    """What a fusion found, best first, in the engine's order.

    Attributes:
        fusion: The row of the engine.
        direction: Which scores are better.
    """

    __slots__ = ("_ids", "_order", "_outcome", "_scores", "direction", "fusion")

    def __init__(self, outcome: Outcome, fusion: Fusion, k: int | None) -> None:
        self._outcome = outcome
        self._order = outcome.order[:k]
        self._ids = [outcome.candidates.ids[place] for place in self._order]
        self._scores = outcome.scores[self._order]
        self._scores.flags.writeable = False
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

    def __len__(self) -> int:
        return len(self._ids)

    def _hit(self, index: int) -> FusedHit:
        place = int(self._order[index])
        outcome = self._outcome
        return FusedHit(
            self._ids[index],
            float(self._scores[index]),
            tuple(_share(outcome, i, place) for i in range(len(outcome.candidates.lists))),
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


def _number(value: np.generic) -> float | None:
    number = float(value)
    return None if np.isnan(number) else number
