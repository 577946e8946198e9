"""Conversion of a threshold within one metric, by formula: no data are read."""

from __future__ import annotations

from vdb import index
from vdb.analysis.calibration.boundary import Line, carried, line_of, threshold_at
from vdb.analysis.calibration.report import Calibration, Changes
from vdb.errors import InvalidArgumentError
from vdb.model.dtypes import DTYPES
from vdb.model.interval import Interval
from vdb.model.metrics import METRICS
from vdb.scores.table import Convention
from vdb.scores.vector_quantities import FromVectors

__all__ = ["carried_over", "converted", "is_exact", "reasons"]


def is_exact(view: index.View, giver: Convention, taker: Convention) -> bool:
    """Whether both score one quantity, so that the conversion does not depend on data."""
    same_metric = giver.metric == taker.metric
    return same_metric and _quantity(view, giver) is _quantity(view, taker)


def _only_rounds(view: index.View, giver: Convention, taker: Convention) -> bool:
    """Whether both score the value, and differ only in its rounding."""
    rules = [_quantity(view, convention) for convention in (giver, taker)]
    return not any(rule is not None and rule.by_length for rule in rules)


def _quantity(view: index.View, convention: Convention) -> FromVectors | None:
    """The rule for the quantity behind the scores, computed from vectors; None for the value."""
    rule = convention.from_vectors
    return rule if rule is not None and rule.applies(view.header.dtype) else None


def carried_over(view: index.View, giver: Convention, taker: Convention, threshold: float) -> float:
    """The threshold of the taker, if both score one quantity."""
    whole = not DTYPES[view.header.dtype].real and giver.metric != "cosine"
    beyond = any(_quantity(view, convention) is not None for convention in (giver, taker))
    return carried(giver, taker, threshold, Line(view.header.dim, whole, beyond))


def converted(
    view: index.View, giver: Convention, taker: Convention, threshold: float, *, seed: int
) -> Calibration:
    """The calibration without queries.

    Raises:
        InvalidArgumentError: The metrics differ, or the giver has no such threshold.
        NotInvertibleError: It is a score of more than one value.
    """
    if giver.metric != taker.metric:
        raise InvalidArgumentError(
            f"queries are needed: from {giver.metric} to {taker.metric} no formula carries a "
            "threshold over, because lengths and directions of the vectors decide",
            expected="(n, dim)",
            received=None,
        )
    same_quantity, dim = is_exact(view, giver, taker), view.header.dim
    exact = same_quantity or _only_rounds(view, giver, taker)
    if same_quantity or (exact and giver.threshold != taker.threshold):
        target = carried_over(view, giver, taker, threshold)
    else:
        target = threshold_at(taker, line_of(giver, threshold, dim), dim)
    nothing = Changes(0, None)
    return Calibration(
        collection=view.header.name,
        metric=giver.metric,
        scores=giver.name,
        threshold=threshold,
        to_metric=taker.metric,
        to_scores=taker.name,
        to_threshold=Interval(target, target, target),
        exact=exact,
        keep=None,
        queries=0,
        hits=0,
        to_hits=0,
        answered=0,
        to_answered=0,
        precision=None,
        to_precision=None,
        kept=nothing,
        let_in=nothing,
        let_out=nothing,
        findings=(*reasons(view, giver, taker), "No data were looked at."),
        seed=seed,
    )


def reasons(view: index.View, giver: Convention, taker: Convention) -> list[str]:
    """The basis of the conversion, in words."""
    value, quantity = METRICS[giver.metric].value, _quantity(view, giver)
    shared = f"the same {value}" if quantity is None else f"the same number ({giver.near_unit})"
    if not is_exact(view, giver, taker):
        if not _only_rounds(view, giver, taker):
            new_quantity = _quantity(view, taker)
            by_length = taker if new_quantity is not None and new_quantity.by_length else giver
            reason = f"{by_length.name} compares more than the {value} ({by_length.near_unit})"
            return [f"By formula, which is not exact: {reason}. With queries it is measured."]
        shared = f"the same {value}, which each rounds in its own way"
    sentences = [
        f"Within {giver.metric} the conversion is exact: both numbers are functions of {shared}."
    ]
    if giver.threshold != taker.threshold:
        sentences.append(
            f"A hit exactly at its threshold is {_in(giver)} under {giver.name} and {_in(taker)} "
            f"under {taker.name}: the new one is moved to the next number, so that the same hits "
            "are in."
        )
    return sentences


def _in(convention: Convention) -> str:
    return "in" if convention.threshold == "inclusive" else "out"
