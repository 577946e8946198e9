"""One engine and one case: scores, order and thresholds, there and here."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import vdb

from .cases import Case
from .engine import Answer, Engine, Floats, RefusedError
from .stores import refused

RELATIVE = 3e-6
# Of the size of the terms of a sum: what the order of adding them up may change in float32.
ABSOLUTE = 1e-6
MOST_EDGES = 24


@dataclass
class Outcome:
    """What came of one case."""

    engine: str
    version: str
    metric: str
    case: str
    scores: int = 0  # how many were compared
    worst: float = 0.0  # in units of what is allowed; 1 is the limit
    missing: int = 0  # rows of ours that the engine's graph did not reach
    thresholds: int = 0  # how many were compared
    notes: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def compare(engine: Engine, case: Case, outcome: Outcome, folder: Path) -> None:
    """Fill in an outcome."""
    try:
        refused(engine.add, case.vectors)
    except RefusedError as error:
        outcome.differences.append(f"vectors refused: {error}"[:200])
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
            _query(engine, ours, case, query, outcome)


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
        hits = ours.search(query, len(case.vectors))
    except vdb.InvalidVectorError as error:
        if theirs is not None:
            outcome.differences.append(f"we refuse, they do not: {error}")
        return
    if theirs is None:
        outcome.differences.append("they refuse, we do not")
        return
    mine = dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True))
    _scores(mine, theirs, case, query, outcome)
    if all(math.isfinite(score) for score in [*mine.values(), *theirs.values()]):
        _order(list(mine), theirs, hits.direction, outcome, _terms(case, query, outcome.metric))
    if case.edges and engine.has_threshold:
        _edges(engine, ours, query, mine, outcome)


def _terms(case: Case, query: Floats, metric: str) -> Any:
    """How large the terms are whose sum a score is, for each row."""
    lengths = np.linalg.norm(case.vectors.astype(np.float64), axis=1)
    length = np.linalg.norm(query.astype(np.float64))
    if metric in ("cosine", "hamming"):
        return np.ones(len(lengths))
    return np.maximum(1, lengths * length if metric == "ip" else (lengths + length) ** 2)


def _scores(mine: Answer, theirs: Answer, case: Case, query: Floats, outcome: Outcome) -> None:
    terms = _terms(case, query, outcome.metric)
    if set(theirs) - set(mine):
        outcome.differences.append(f"rows that we miss: {sorted(set(theirs) - set(mine))[:5]}")
    outcome.missing += len(set(mine) - set(theirs))
    for row, score in theirs.items():
        own = mine.get(row, math.nan)
        outcome.scores += 1
        if math.isnan(own) or math.isnan(score):
            if not (math.isnan(own) and math.isnan(score)):
                outcome.differences.append(f"row {row}: {score:.9g} there, {own:.9g} here")
            continue
        allowed = RELATIVE * max(abs(own), abs(score)) + ABSOLUTE * terms[row]
        outcome.worst = max(outcome.worst, float(abs(own - score) / allowed))
        if abs(own - score) > allowed:
            outcome.differences.append(f"row {row}: {score:.9g} there, {own:.9g} here")


def _order(mine: list[int], theirs: Answer, direction: str, outcome: Outcome, terms: Any) -> None:
    """Our order must be one of theirs, but for scores that rounding makes equal."""
    sign = 1 if direction == "lower" else -1
    rows = [row for row in mine if row in theirs]
    scores = np.array([sign * theirs[row] for row in rows])
    slack = 2 * ABSOLUTE * np.asarray(terms)[rows] + 2 * RELATIVE * np.abs(scores)
    if (np.diff(scores) < -np.maximum(slack[1:], slack[:-1])).any():
        outcome.differences.append("the order differs")


def _edges(
    engine: Engine, ours: vdb.Collection, query: Floats, mine: Answer, outcome: Outcome
) -> None:
    """Thresholds at scores that were just returned, between them, and at odd places."""
    found = sorted(set(mine.values()))
    places = found[:: max(1, len(found) // MOST_EDGES)]
    for threshold in [*places, *(place + 0.25 for place in places[:4]), 0.0, -1.0, -3.0]:
        try:
            theirs = refused(engine.within, query, float(threshold))
        except (NotImplementedError, RefusedError) as error:
            if isinstance(error, RefusedError):
                outcome.notes.append(f"threshold {threshold:g} refused there")
            continue
        within = ours.search(query, k=None, threshold=float(threshold)).ids.tolist()
        outcome.thresholds += 1
        if theirs != set(within):
            outcome.differences.append(
                f"threshold {threshold:.9g}: {len(theirs)} rows there, {len(within)} here"
            )
