"""The dataclass of an explanation, and its sections in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vdb.model.records import Direction, Id, Plan
from vdb.model.results import Result, digits
from vdb.model.section import Section
from vdb.scores.table import Convention

__all__ = ["Explanation", "found_section", "rank_section", "score_section"]


@dataclass(frozen=True, slots=True)
class Explanation(Result):
    """One record's score for one query, derived step by step.

    Attributes:
        collection: The collection's name.
        id: The record's id.
        metric: The collection's metric.
        convention: The convention of the score.
        direction: Which scores are closer.
        value: The natural value, float64, as a hit has it.
        score: The score, as a hit has it.
        rank: Its rank by exact search among the records that pass the filter, from 1: one more
            than the number of records with a closer score, or the same score and a closer value.
        equal: The number of other passing records with exactly its score and value; ids decide
            between them.
        records: The number of records.
        ef: Candidates kept by the graph walk; None if all passing records are compared.
        found_at: Its place among the candidates of the walk, from 1, not counting ties by id; None
            if the walk did not visit it, or there was no walk.
        sections: The whole explanation in words, with the numbers put in.
        by_value: Its rank by value alone, from 1, which decides whether it is among the k. It
            differs from `rank` only where the engine compares more than the value.
        passes: Whether it passes the filter; True without one.
        matches: The number of records that pass the filter; all without one.
        place: Its place among the hits of the search with these arguments, from 1; None if that
            search does not return it.
        plan: The strategy of that search, and its reason.
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
    """The steps from the value, or the engine's own quantity, to the score."""
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


def rank_section(report: Explanation, value_direction: Direction, *, filtered: bool) -> Section:
    """The rank by exact comparison."""
    by_value = report.rank == report.by_value
    than = "smaller" if value_direction == "lower" else "larger"
    total = f"{report.matches:,} that pass the filter" if filtered else f"{report.records:,}"
    lines = []
    if filtered and not report.passes:
        lines.append(("filter", "it does not pass: no search with this filter returns it"))
    if by_value:
        ahead = f"{report.rank - 1:,} records have a {than} value"
    else:
        ahead = f"{report.rank - 1:,} records have a closer score"
    lines.append(("place", f"{report.rank:,} of {total}: {ahead}"))
    if not by_value:
        nearer = (
            f"{report.by_value:,} of {total}: {report.by_value - 1:,} records have a {than} value"
        )
        lines.append(("by value, which decides whether it is among the k", nearer))
    if report.equal:
        also = "1 other has" if report.equal == 1 else f"{report.equal:,} others have"
        lines.append(("equal", f"{also} exactly this value; ids decide between them"))
    return Section("Rank, by comparing everything", tuple(lines))


def found_section(report: Explanation, k: int, *, flat: bool) -> Section:
    """Whether the search with these arguments returns it, and by which strategy."""
    if report.ef is None:
        why = "there is no graph: every search looks at everything" if flat else str(report.plan)
        if report.place is not None:
            how = f"so it is found, at place {report.place} (k={k})"
        elif not report.passes:
            how = "it does not pass the filter"
        else:
            how = f"{report.by_value - 1:,} are closer, and k={k}"
        return Section("Found by", (("exact scan", f"{why}; {how}"),))
    candidates = f"ef={report.ef} candidates"
    if report.place is not None and report.found_at is not None:
        how = f"found: a walk that keeps {candidates} has it at place {report.found_at} (k={k})"
    elif report.place is not None:
        how = (
            f"found at place {report.place} (k={k}), by looking beyond the {candidates} of the walk"
        )
    elif not report.passes:
        how = "a walk goes by records that do not pass, and does not return them"
    elif report.found_at is not None:
        how = (
            f"found at place {report.found_at} of the {candidates} that the walk keeps: "
            f"beyond k={k}"
        )
    elif report.by_value <= k:
        how = (
            f"missed: a walk with ef={report.ef} does not keep it, though it is among the {k} "
            "nearest; only exact search finds it, or a larger ef"
        )
    else:
        how = f"not among the {candidates} that a walk keeps, nor among the {k} nearest"
    lines = [("the graph", how)]
    if report.plan.matches is not None:
        lines.append(("with the filter", str(report.plan)))
    return Section("Found by", tuple(lines))
