"""Conventions in words: the facts of one, and the steps of a conversion with its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdb.model.metrics import METRICS
from vdb.scores.convention import Convention
from vdb.scores.cross_metric import converted_values

__all__ = ["convention_facts", "conversion_steps"]


def convention_facts(row: Convention) -> dict[str, Any]:
    """All facts about a convention under names for people; empty ones included."""
    return {
        "convention": row.name,
        "metric": row.metric,
        "stored type": row.dtype,
        "other name of": row.alias_of,
        "called there": row.called,
        "score": row.formula,
        "value": f"{row.inverse}",
        "not invertible": row.not_invertible,
        "closer": row.direction,
        "range": span(row),
        "precision": row.precision,
        "threshold": row.threshold,
        "threshold parameter": row.threshold_parameter,
        "threshold compares": row.threshold_unit,
        "threshold note": row.threshold_note,
        "before comparing": row.near_unit,
        "zero vectors": row.zero_vectors,
        "NaN": row.nan,
        "engine": row.engine,
        "evidence": row.evidence,
        "source": row.source,
        "note": row.note,
    }


def span(row: Convention) -> str:
    """The range of the scores; an end without a bound is open."""
    left = "(-inf" if row.low == -np.inf else f"[{row.low:.6g}"
    right = "inf)" if row.high == np.inf else f"{row.high:.6g}]"
    return f"{left}, {right}"


def conversion_steps(
    score: float, source: Convention, target: Convention, dim: int | None
) -> list[str]:
    """The steps of a conversion that is known to be possible, one line each."""
    from_metric, to_metric = METRICS[source.metric], METRICS[target.metric]
    value = source.to_value(np.asarray(score), dim)
    steps = [
        _step(
            f"{source.name}: {from_metric.value}",
            source.inverse,
            source.family.inverse_text.format(s=_put(score), n=dim),
            float(value),
        )
    ]
    if to_metric is not from_metric:
        value = converted_values(value, source.metric, target.metric, unit_norms=True)
        rule = "2 - 2 x" if target.metric == "l2" else "1 - x / 2" if source.metric == "l2" else "x"
        steps.append(f"length 1: {to_metric.value} = {rule} = {_put(float(value))}")
    steps.append(
        _step(
            f"{target.name}: score",
            target.formula,
            target.family.text.format(x=_put(float(value)), n=dim),
            float(target.from_value(value, dim)),
        )
    )
    return steps


def _step(what: str, formula: str, numbers: str, result: float) -> str:
    shown = _put(result)
    parts = [what, formula, numbers, shown]
    if numbers == shown:
        del parts[2]
    return " = ".join(parts)


def _put(number: float) -> str:
    text = f"{number:.9g}"
    return f"({text})" if text.startswith("-") else text
