"""Outcomes as text for a terminal, and as a page."""

from __future__ import annotations

import datetime
import platform

from .outcome import LEAST_AGREEMENT, MOST_UNITS, Outcome

_LINE = "{:<17} {:<12} {:<7} {:>7} {:>7} {:>5} {:>7} {:>8} {:>6} {:>7}  {}"
_HEADS = ("engine", "version", "metric", "rows", "equal", "> 2", "worst", "missing", "own", "agree")


def heading() -> str:
    """The names of the columns."""
    return _LINE.format(*_HEADS, "verdict")


def line(outcome: Outcome) -> str:
    """One line of the table, and what differs."""
    words = "agrees" if outcome.good else "DIFFERS"
    notes = "; ".join(dict.fromkeys(outcome.notes))
    text = _LINE.format(*_cells(outcome), f"{words}  {notes}".rstrip())
    return "\n".join([text, *(f"    {difference}" for difference in outcome.differences[:5])])


def _cells(outcome: Outcome) -> tuple[str, ...]:
    rows = max(outcome.rows, 1)
    return (
        outcome.engine,
        outcome.version,
        outcome.metric,
        f"{outcome.rows:,}",
        f"{100 * outcome.equal / rows:.1f}%",
        str(outcome.far),
        f"{outcome.worst:.1f}",
        str(outcome.missing),
        f"{outcome.own:,}",
        f"{100 * outcome.agreement:.1f}%" if outcome.own else "",
    )


def verdict(outcomes: list[Outcome], absent: dict[str, str]) -> str:
    """All in a few lines."""
    lines = [f"\ndid not run: {name}: {words}" for name, words in absent.items()]
    differing = sum(not outcome.good for outcome in outcomes)
    engines = len({outcome.engine for outcome in outcomes})
    rows = sum(outcome.rows for outcome in outcomes)
    own = sum(outcome.own for outcome in outcomes)
    edges = sum(outcome.edges for outcome in outcomes)
    words = f"{differing} DIFFER" if differing else "all agree"
    lines.append(
        f"\n{engines} engines, {len(outcomes)} metrics, {rows:,} scores, {own:,} thresholds at a "
        f"row's own number, {edges:,} others: {words}"
    )
    return "\n".join(lines)


_PAGE = """\
# Scores held against live engines

Written by `python -m tools.conformance --page` on {today}, CPython {python}, {machine}.

Both sides are fed the same vectors: of seven dimensions from 8 to 384, with near duplicates among
them; nearly unit and tiny ones; whole numbers, axes, bits and a zero query.

- *equal*: rows whose score is the same number here and there;
- *> 2*: rows that differ by more than {units:g} units in the last place of the engine's own
  precision (of a cosine that place is the one of 1, of an inner product that of the product of the
  lengths; roots and angles are undone first); *worst*: by how many units one does;
- *missing*: rows that the engine's graph did not reach, or that it leaves out;
- *own*: rows whose own number, as the engine printed it, was given as the threshold to both;
  *agree*: those that were in, or out, on both sides. {least:g} % must be. Where an engine has no
  such parameter, the row is taken to be in.

Where less than all rows are equal, the order in which that build adds up is not known, or not the
same for all dimensions, and the last digit decides about a row at its own number. Scores out of
codes (turbovec, lancedb-quantised) are estimates: they are held to 15 % of the size of the terms.

| engine | version | metric | rows | equal | > 2 | worst | missing | own | agree |
|---|---|---|---|---|---|---|---|---|---|
"""


def page(outcomes: list[Outcome], absent: dict[str, str]) -> str:
    """The table in Markdown, with what it means."""
    opening = _PAGE.format(
        today=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        python=platform.python_version(),
        machine=platform.machine(),
        units=MOST_UNITS,
        least=100 * LEAST_AGREEMENT,
    )
    rows = [f"| {' | '.join(_cells(outcome))} |" for outcome in outcomes if outcome.metric]
    absences = [f"- {name}: {words}" for name, words in absent.items()]
    return (
        opening
        + "\n".join([*rows, *(["", "Not run on that machine:", "", *absences] if absences else [])])
        + "\n"
    )
