"""One engine and one case: scores, order and thresholds, there and here."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

import vdb

from .cases import Case
from .engine import Answer, Engine, Floats, RefusedError, refused
from .outcome import MOST_UNITS, Outcome

RELATIVE, ABSOLUTE = 3e-6, 1e-6  # what the order of adding up may change in float32, for the order
ESTIMATED = 0.15  # of the size of the terms: how far a score out of codes may be off
MOST_EDGES = 24
MOST_OWN = 200


def compare(engine: Engine, case: Case, outcome: Outcome, folder: Path) -> None:
    """Add what comes of a case."""
    try:
        refused(engine.add, case.vectors)
    except RefusedError as error:
        outcome.differences.append(f"{case.name}: vectors refused: {error}"[:200])
        return
    with vdb.open(folder / "ours.vdb", durability="relaxed") as db:
        ours = db.create_collection(
            "t",
            dim=engine.dim,
            metric=engine.metric,
            dtype="bit" if engine.metric == "hamming" else "float32",
            scores=engine.convention,
            index=vdb.Flat(),
        )
        ours.add(range(len(case.vectors)), case.vectors)
        for query in case.queries:
            before = len(outcome.differences)
            _query(engine, ours, case, query, outcome)
            outcome.differences[before:] = [
                f"{case.name}: {words}" for words in outcome.differences[before:]
            ]


def _query(
    engine: Engine, ours: vdb.Collection, case: Case, query: Floats, outcome: Outcome
) -> None:
    theirs: Answer | None
    try:
        theirs = refused(engine.all, query)
    except RefusedError as error:
        theirs = None
        outcome.notes.append(f"engine refuses: {error}"[:100])
    try:
        hits = ours.search(query, len(case.vectors), with_payloads=False)
    except vdb.InvalidVectorError as error:
        if theirs is not None:
            outcome.differences.append(f"we refuse, they do not: {error}")
        return
    if theirs is None:
        outcome.differences.append("they refuse, we do not")
        return
    mine = dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True))
    terms = _terms(case, query, outcome.metric)
    _scores(engine, mine, theirs, terms, outcome)
    finite = all(math.isfinite(score) for score in [*mine.values(), *theirs.values()])
    if finite and not engine.estimates:
        plain = {row: engine.plain(score) for row, score in theirs.items()}
        _order(list(mine), plain, hits.direction, outcome, terms)
    if case.own and not engine.estimates:
        _own(engine, ours, query, theirs, outcome)
    if case.edges and engine.has_threshold and not engine.estimates:
        _edges(engine, ours, query, mine, outcome)


def _terms(case: Case, query: Floats, metric: str) -> Any:
    """How large the terms are whose sum a score is, for each row."""
    lengths = np.linalg.norm(case.vectors.astype(np.float64), axis=1)
    length = np.linalg.norm(query.astype(np.float64))
    if metric in ("cosine", "hamming"):
        return np.ones(len(lengths))
    return np.maximum(1, lengths * length if metric == "ip" else (lengths + length) ** 2)


def _scores(engine: Engine, mine: Answer, theirs: Answer, terms: Any, outcome: Outcome) -> None:
    if set(theirs) - set(mine):
        outcome.differences.append(f"rows that we miss: {sorted(set(theirs) - set(mine))[:5]}")
    outcome.missing += len(set(mine) - set(theirs))
    kind = np.float64 if engine.precision == "float64" else np.float32
    for row, score in theirs.items():
        own = mine.get(row, math.nan)
        outcome.rows += 1
        if math.isnan(own) or math.isnan(score):
            if not (math.isnan(own) and math.isnan(score)):
                outcome.differences.append(f"row {row}: {score:.9g} there, {own:.9g} here")
            else:
                outcome.equal += 1
            continue
        # The last place of the number, or of the terms that it is the difference of.
        size = terms[row] if engine.metric in ("ip", "cosine") else abs(score)
        unit = float(np.spacing(kind(max(abs(score), size))))
        units = abs(engine.plain(own) - engine.plain(score)) / unit
        outcome.equal += own == score
        if engine.estimates:
            if abs(own - score) > ESTIMATED * max(size, abs(score)):
                outcome.differences.append(f"row {row}: {score:.9g} there, {own:.9g} here")
            continue
        outcome.worst = max(outcome.worst, units)
        outcome.far += units > MOST_UNITS


def _order(mine: list[int], theirs: Answer, direction: str, outcome: Outcome, terms: Any) -> None:
    """Our order must be one of theirs, but for scores that rounding makes equal."""
    sign = 1 if direction == "lower" else -1
    rows = [row for row in mine if row in theirs]
    scores = np.array([sign * theirs[row] for row in rows])
    slack = 2 * ABSOLUTE * np.asarray(terms)[rows] + 2 * RELATIVE * np.abs(scores)
    if (np.diff(scores) < -np.maximum(slack[1:], slack[:-1])).any():
        outcome.differences.append("the order differs")


def _own(
    engine: Engine, ours: vdb.Collection, query: Floats, theirs: Answer, outcome: Outcome
) -> None:
    """A threshold at each row's own number: the row is in, or out, as it is there."""
    for row, score in list(theirs.items())[:MOST_OWN]:
        threshold = engine.parameter(score)
        if not math.isfinite(threshold):
            continue
        there = True  # a condition that a user would write: at most, or at least, that number
        if engine.has_threshold:
            try:
                there = row in refused(engine.within, query, threshold)
            except (NotImplementedError, RefusedError):
                continue
        try:
            hits = ours.search(query, k=None, threshold=threshold, exact=True, with_payloads=False)
        except vdb.InvalidArgumentError:
            continue
        outcome.own += 1
        outcome.agreed += (row in hits.ids) == there


def _edges(
    engine: Engine, ours: vdb.Collection, query: Floats, mine: Answer, outcome: Outcome
) -> None:
    """Thresholds at scores that were just returned, between them, and at odd places."""
    parameters = sorted({engine.parameter(score) for score in mine.values()})
    places = parameters[:: max(1, len(parameters) // MOST_EDGES)]
    for threshold in [*places, *(place + 0.25 for place in places[:4]), 0.0, -1.0, -3.0]:
        try:
            theirs = refused(engine.within, query, float(threshold))
            within = ours.search(query, k=None, threshold=float(threshold)).ids.tolist()
        except (NotImplementedError, RefusedError, vdb.InvalidArgumentError) as error:
            if isinstance(error, RefusedError):
                outcome.notes.append(f"threshold {threshold:g} refused there")
            continue
        outcome.edges += 1
        if theirs - set(within) or (set(within) - theirs and not engine.walks):
            outcome.differences.append(
                f"threshold {threshold:.9g}: {len(theirs)} rows there, {len(within)} here"
            )
