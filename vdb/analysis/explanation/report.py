"""What an explanation says: a dataclass, and its sections in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vdb.model.records import Direction, Id, Plan
from vdb.model.results import Result, Section, digits
from vdb.scores.table import Convention

__all__ = ["Explanation", "found_section", "rank_section", "score_section"]


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
        rank: Its place by exact search among the records that pass the filter, from 1: one more
            than there are with a closer score, or the same score and a closer value.
        equal: How many other records that pass have exactly its score and value; ids decide
            between them.
        records: How many records there are.
        ef: Candidates that the walk kept; None where everything that passes is looked at.
        found_at: Its place in what the walk kept, from 1, ties by id apart; None where the walk
            did not come by it, or there is none.
        sections: All of it in words, with the numbers put in.
        by_value: Its place by value alone, from 1, which decides whether it is among the k: another
            than `rank` only where the engine compares more than the value.
        passes: Whether it passes the filter; without one it does.
        matches: How many records pass the filter; all without one.
        place: Its place among the hits of the search with these arguments, from 1; None where that
            does not return it.
        plan: How that search went about it, and why.
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
    by_value: int
    passes: bool
    matches: int
    place: int | None
    plan: Plan

    def __str__(self) -> str:
        return "\n".join(
            line
            for section in self.sections
            for line in (section.title, *(f"  {what}: {how}" for what, how in section.lines))
        )


def score_section(
    convention: Convention, value: float, quantity: float, score: float, dim: int
) -> Section:
    """From the value, or what the engine has in its place, to the score."""
    lines = []
    if not (quantity == value or np.isnan(quantity)):
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


def rank_section(told: Explanation, value_direction: Direction, *, filtered: bool) -> Section:
    """Where it stands when everything is compared."""
    by_value = told.rank == told.by_value
    than = "smaller" if value_direction == "lower" else "larger"
    of = f"{told.matches:,} that pass the filter" if filtered else f"{told.records:,}"
    lines = []
    if filtered and not told.passes:
        lines.append(("filter", "it does not pass: no search with this filter returns it"))
    if by_value:
        ahead = f"{told.rank - 1:,} records have a {than} value"
    else:
        ahead = f"{told.rank - 1:,} records have a closer score"
    lines.append(("place", f"{told.rank:,} of {of}: {ahead}"))
    if not by_value:
        nearer = f"{told.by_value:,} of {of}: {told.by_value - 1:,} records have a {than} value"
        lines.append(("by value, which decides whether it is among the k", nearer))
    if told.equal:
        also = "1 other has" if told.equal == 1 else f"{told.equal:,} others have"
        lines.append(("equal", f"{also} exactly this value; ids decide between them"))
    return Section("Rank, by comparing everything", tuple(lines))


def found_section(told: Explanation, k: int, *, flat: bool) -> Section:
    """Whether the search with these arguments returns it, and how it goes about that."""
    if told.ef is None:
        why = "there is no graph: every search looks at everything" if flat else str(told.plan)
        if told.place is not None:
            how = f"so it is found, at place {told.place} (k={k})"
        elif not told.passes:
            how = "it does not pass the filter"
        else:
            how = f"{told.by_value - 1:,} are closer, and k={k}"
        return Section("Found by", (("exact scan", f"{why}; {how}"),))
    kept = f"ef={told.ef} candidates"
    if told.place is not None and told.found_at is not None:
        how = f"found: a walk that keeps {kept} has it at place {told.found_at} (k={k})"
    elif told.place is not None:
        how = f"found at place {told.place} (k={k}), by looking beyond the {kept} of the walk"
    elif not told.passes:
        how = "a walk goes by records that do not pass, and does not return them"
    elif told.found_at is not None:
        how = f"found at place {told.found_at} of the {kept} that the walk keeps: beyond k={k}"
    elif told.by_value <= k:
        how = (
            f"missed: a walk with ef={told.ef} does not keep it, though it is among the {k} "
            "nearest; only exact search finds it, or a larger ef"
        )
    else:
        how = f"not among the {kept} that a walk keeps, nor among the {k} nearest"
    lines = [("the graph", how)]
    if told.plan.matches is not None:
        lines.append(("with the filter", str(told.plan)))
    return Section("Found by", tuple(lines))
