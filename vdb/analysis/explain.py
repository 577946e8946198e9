"""Why a record has the score and the place that it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import config, index, inputs
from vdb.analysis.derivation import derive, digits
from vdb.arguments import whole
from vdb.dtypes import DTYPES
from vdb.errors import NotFoundError
from vdb.metrics import METRICS
from vdb.query.convention import convention_of
from vdb.records import Direction, Id
from vdb.results import Result, Section
from vdb.scores.table import Convention

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, slots=True)
class Explanation(Result):
    """One record's score for one query, derived step by step.

    Attributes:
        collection: The collection's name.
        id: The record's id.
        metric: The collection's metric.
        convention: Whose convention the score is in.
        direction: Which scores are closer.
        value: The natural value, float64, as a hit has it.
        score: The score, as a hit has it.
        rank: Its place by exact search, from 1: one more than there are records that are closer.
        equal: How many other records have exactly its value; ids decide between them.
        records: How many records there are.
        ef: Candidates that the walk kept; None in a flat collection.
        found_at: Its place in what the walk kept, from 1, ties by id apart; None where the walk
            did not come by it, or there is no graph.
        sections: All of it in words, with the numbers put in.
    """

    collection: str
    id: Id
    metric: str
    convention: str
    direction: Direction
    value: float
    score: float
    rank: int
    equal: int
    records: int
    ef: int | None
    found_at: int | None
    sections: tuple[Section, ...]

    def __str__(self) -> str:
        return "\n".join(
            line
            for section in self.sections
            for line in (section.title, *(f"  {what}: {how}" for what, how in section.lines))
        )


def explain(
    reader: index.Reader,
    view: index.Collection,
    query: ArrayLike,
    record_id: object,
    *,
    scores: str | None,
    k: int,
    ef: int | None,
    target_recall: float | None,
) -> Explanation:
    """Derives the score of one record, found or not.

    Raises:
        NotFoundError: There is no such record.
        And as `search` for the other arguments.
    """
    header = view.header
    metric = METRICS[header.metric]
    convention = convention_of(header, scores)
    matrix = inputs.query_row(query, dim=header.dim, metric=metric, dtype=DTYPES[header.dtype])
    wanted, slot = _slot(reader, view, record_id)
    k = whole("k", k, 1, config.LIMITS.slots)
    width = index.search_ef(view, k, config.search_width(ef), target_recall)
    everything = index.scan(reader, view, matrix, header.count)
    slots, values = everything.slots[0], everything.values[0]
    value = float(values[np.flatnonzero(slots == slot)[0]])
    closer = int(np.count_nonzero(metric.closer(values, value) & (values != value)))
    equal = int(np.count_nonzero(values == value)) - 1
    kept = max(k, index.DEFAULT_EF if width is None else width) if view.links else None
    found_at = None if kept is None else _found_at(reader, view, matrix, slot, kept)
    stored = index.vectors(reader, view, np.array([slot], dtype=np.uint32))
    steps = derive(metric.name, matrix[0].astype(np.float64), stored[0].astype(np.float64), value)
    quantity = _quantity(convention, matrix, stored, value)
    score = float(convention.scored(np.array([quantity]), header.dim)[0])
    return Explanation(
        collection=header.name,
        id=wanted,
        metric=metric.name,
        convention=convention.name,
        direction=convention.direction,
        value=value,
        score=score,
        rank=closer + 1,
        equal=equal,
        records=header.count,
        ef=kept,
        found_at=found_at,
        sections=(
            Section(f"{metric.value} ({metric.name})", steps),
            _score_section(convention, value, quantity, score, header.dim),
            _rank_section(closer + 1, equal, header.count, metric.direction),
            _walk_section(kept, found_at, k, closer + 1),
        ),
    )


def _slot(reader: index.Reader, view: index.Collection, record_id: object) -> tuple[Id, int]:
    wanted = inputs.one_id(record_id)
    slot = None
    if type(wanted).__name__ == view.header.id_kind:
        slot = reader.slot_of(view, wanted)
    if slot is None:
        raise NotFoundError(
            f"no record {wanted!r} in collection {view.header.name!r}", received=wanted
        )
    return wanted, slot


def _found_at(
    reader: index.Reader,
    view: index.Collection,
    matrix: NDArray[Any],
    slot: int,
    ef: int,
) -> int | None:
    found = index.search(reader, view, matrix, min(ef, view.header.count), ef=ef)
    at = np.flatnonzero(found.slots[0, : int(found.counts[0])] == slot)
    return int(at[0]) + 1 if at.size else None


def _quantity(
    convention: Convention, matrix: NDArray[Any], stored: NDArray[Any], value: float
) -> float:
    """What the score is made of: the value, or what the engine makes of the vectors itself."""
    rule = convention.from_vectors
    if rule is None or not rule.applies(stored.dtype.name):
        return value
    own = matrix.astype(np.float32, copy=False)
    return float(rule.quantities(own, stored.astype(np.float32, copy=False))[0])


def _score_section(
    convention: Convention, value: float, quantity: float, score: float, dim: int
) -> Section:
    lines = []
    if quantity != value:
        lines.append((convention.near_unit, f"{digits(quantity)} instead of {digits(value)}"))
    put_in = digits(quantity) if quantity >= 0 else f"({digits(quantity)})"
    numbers = convention.family.text.format(x=put_in, n=dim)
    steps = [convention.formula, numbers, digits(score)]
    if numbers in {put_in, digits(score)}:
        del steps[1]
    rounded = {"float32": " in float32", "rounded": " rounded to float32"}
    lines.append(("score", " = ".join(steps) + rounded.get(convention.precision, "")))
    lines.append(("direction", f"{convention.direction} is closer"))
    return Section(f"Score ({convention.name}, {convention.engine})", tuple(lines))


def _rank_section(rank: int, equal: int, records: int, direction: Direction) -> Section:
    than = "smaller" if direction == "lower" else "larger"
    lines = [("place", f"{rank:,} of {records:,}: {rank - 1:,} records have a {than} value")]
    if equal:
        also = "1 other has" if equal == 1 else f"{equal:,} others have"
        lines.append(("equal", f"{also} exactly this value; ids decide between them"))
    return Section("Rank, by comparing everything", tuple(lines))


def _walk_section(ef: int | None, found_at: int | None, k: int, rank: int) -> Section:
    if ef is None:
        how = "there is no graph: every search looks at everything, so it is found"
        return Section("Found by", (("exact scan", how),))
    if found_at is not None and found_at <= k:
        how = f"found: a walk that keeps ef={ef} candidates has it at place {found_at} (k={k})"
    elif found_at is not None:
        how = (
            f"found at place {found_at} of the ef={ef} candidates that the walk keeps: beyond k={k}"
        )
    elif rank <= k:
        how = (
            f"missed: a walk with ef={ef} does not keep it, though it is among the {k} nearest; "
            "only exact search finds it, or a larger ef"
        )
    else:
        how = f"not among the ef={ef} candidates that a walk keeps, nor among the {k} nearest"
    return Section("Found by", (("the graph", how),))
