"""The table of score conventions: what an engine's number is under a metric, and how it compares.

The data stand in `vdb/scores/engines/`. A row exists only where the engine has the metric. "native"
and "relevance" are vdb's own: the value itself, and one scale for all metrics. Nothing but native
is loaded until another name is asked for.
"""

from __future__ import annotations

import copyreg
from functools import cache

import numpy as np

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import synonyms
from vdb.model.arguments import shown
from vdb.model.metrics import METRICS, Metric, metric_named
from vdb.model.records import Direction
from vdb.model.version import __version__
from vdb.scores.convention import Convention
from vdb.scores.engine_rows import Engine, EngineRow, Zero
from vdb.scores.formula_families import SAME, Family
from vdb.scores.thresholds import NATIVE

__all__ = ["Convention", "all_conventions", "convention_named", "names"]


def _native(metric: Metric) -> Convention:
    refused = f"refused: {metric.value} has no meaning for it"
    zero = Zero("refused", refused) if metric.refuses_zero else Zero("number", "")
    return Convention(
        name="native",
        metric=metric.name,
        dtype="any",
        called=metric.value,
        formula=metric.formula,
        inverse="s",
        direction=metric.direction,
        low=metric.low,
        high=metric.high,
        precision="float64",
        threshold="inclusive",
        threshold_unit="value",
        threshold_parameter="threshold",
        threshold_note="",
        zero_vectors=zero.text or "as any other vector",
        near_unit="",
        nan="refused on insert and query",
        not_invertible="",
        engine=f"vdb {__version__}",
        source="vdb/model/metrics.py",
        evidence="own",
        note="",
        alias_of="",
        family=SAME,
        rule=NATIVE,
        from_vectors=None,
        zero=zero,
    )


def _row(engine: Engine, row: EngineRow) -> Convention:
    metric = METRICS[row.metric]
    family, rule = row.family, row.threshold or engine.threshold
    zero = row.zero or engine.zero
    low, high = _image(family, metric)
    direction: Direction = metric.direction
    if family.falls:
        direction = "lower" if direction == "higher" else "higher"
    symbol = metric.symbol
    if row.from_vectors is not None and family.name == "prenormalized":
        symbol = "(q.v / |q|^2)"
    return Convention(
        name=engine.name,
        metric=row.metric,
        dtype=row.dtype or "any",
        called=row.called,
        formula=family.text.format(x=symbol, n="n"),
        inverse=family.inverse_text.format(s="s", n="n"),
        direction=direction,
        low=low,
        high=high,
        precision=row.precision or engine.precision,
        threshold=rule.boundary,
        threshold_unit=rule.unit,
        threshold_parameter=rule.parameter,
        threshold_note=rule.note,
        zero_vectors=zero.text,
        near_unit="" if row.from_vectors is None else row.from_vectors.text,
        nan=engine.nan,
        not_invertible=family.lost_text,
        engine=engine.version,
        source=engine.source,
        evidence=row.evidence or engine.evidence,
        note=row.note,
        alias_of=engine.alias_of,
        family=family,
        rule=rule,
        from_vectors=row.from_vectors,
        zero=zero,
    )


def _image(family: Family, metric: Metric) -> tuple[float, float]:
    """Smallest and largest score that values of the metric can have."""
    if family.image is not None:
        return family.image
    with np.errstate(all="ignore"):
        ends = family.forward(np.array([metric.low, metric.high]), 0.0)
    return float(ends.min()), float(ends.max())


_Key = tuple[str, str, str]  # metric, convention, dtype

_NATIVE: dict[str, Convention] = {metric.name: _native(metric) for metric in METRICS.values()}


@cache
def _table() -> dict[_Key, Convention]:
    from vdb.scores.engines import ENGINES
    from vdb.scores.relevance import RELEVANCE

    engines = (RELEVANCE, *ENGINES)
    rows = [*_NATIVE.values(), *(_row(engine, row) for engine in engines for row in engine.rows)]
    return {(row.metric, row.name, row.dtype): row for row in rows}


def names(metric: object) -> list[str]:
    """The conventions that exist for a metric, in alphabetical order, "native" first.

    Other names of the same convention are not among them.
    """
    own = metric_named(metric).name
    rows = (row for row in _table().values() if row.metric == own and not row.alias_of)
    return sorted({row.name for row in rows}, key=lambda name: (name != "native", name))


def all_conventions() -> list[Convention]:
    """Every row, by metric, convention and dtype, "native" first."""
    order = list(METRICS)
    return sorted(
        _table().values(),
        key=lambda row: (order.index(row.metric), row.name != "native", row.name, row.dtype),
    )


def convention_named(
    name: object, metric: str, *, dtype: str = "float32", argument: str = "convention"
) -> Convention:
    """The row of a convention under a metric, for vectors of a dtype.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is no such metric, or no such convention for it; the message
            lists those there are.
    """
    metric_name = metric_named(metric).name
    if not isinstance(name, str):
        raise ArgumentTypeError(
            f"{argument} must be the name of a score convention, got {type(name).__name__}",
            expected=tuple(names(metric_name)),
            received=type(name).__name__,
        )
    name = str.__str__(name)
    if name == "native":
        return _NATIVE[metric_name]
    row = _table().get((metric_name, name, dtype)) or _table().get((metric_name, name, "any"))
    if row is None:
        raise InvalidArgumentError(
            f"{argument} must be a score convention of metric {metric_name!r}: "
            f"{', '.join(map(repr, names(metric_name)))}; got {shown(name)}"
            f"{_elsewhere(name, metric_name)}",
            expected=tuple(names(metric)),
            received=name,
        )
    return row


def _pickled(row: Convention) -> tuple[object, tuple[str, str, str]]:
    """A convention holds functions: it is pickled by its names, and looked up again."""
    return _unpickled, (row.metric, row.name, row.dtype)


def _unpickled(metric: str, name: str, dtype: str) -> Convention:
    return convention_named(name, metric, dtype=dtype)


copyreg.pickle(Convention, _pickled)  # type: ignore[arg-type]


def _elsewhere(name: str, metric: str) -> str:
    """The end of a message: the metrics that have a convention, or a name spelled alike."""
    metrics = sorted({row.metric for row in _table().values() if row.name == name})
    if metrics:
        return f", which exists for {', '.join(metrics)}"
    close = synonyms.suggestion(name, names(metric))
    return "" if close is None else f"; did you mean {close!r}?"
