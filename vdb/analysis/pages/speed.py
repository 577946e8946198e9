"""The page of a benchmark of one collection."""

from __future__ import annotations

from vdb.analysis.measurement.speed import SpeedPoint, SpeedReport
from vdb.analysis.pages.curves import speed_curves
from vdb.analysis.pages.page import page, section, table, tiles

__all__ = ["speed_page"]


def speed_page(report: SpeedReport) -> str:
    """Recall and speed as one HTML page."""
    parameters = ", ".join(f"{name} {value}" for name, value in report.index.items())
    sub = (
        f"{report.records:,} records · {report.dim} dimensions of {report.dtype} · "
        f"{report.metric} · {parameters} · vdb {report.version} · {report.instruction_set}"
    )
    return page(
        f"Speed of collection {report.collection}",
        sub,
        [_facts(report), _curve(report), _measurements(report)],
    )


def _facts(report: SpeedReport) -> str:
    facts = [(f"{report.queries:,}", f"{report.source} queries"), (str(report.threads), "threads")]
    for recall in (0.95, 0.99):
        best = report.at(recall)
        if best is not None:
            width = "exact" if best.ef is None else f"ef={best.ef}"
            facts.append((f"{best.per_second:,.0f}", f"queries a second at {recall:g}, {width}"))
    return tiles(facts)


def _curve(report: SpeedReport) -> str:
    line = [
        (point.recall.value, point.per_second, _name(point))
        for point in report.points
        if point.ef is not None
    ]
    if not line:
        return ""
    return section(
        f"Queries a second over recall@{report.k}",
        "A batch through search_many; the further up and to the right, the better.",
        speed_curves([(report.collection, line)]),
    )


def _measurements(report: SpeedReport) -> str:
    rows = [
        (
            _name(point),
            str(point.recall),
            f"{point.per_second:,.0f}",
            f"{point.median_ms:.3f}",
            f"{point.slow_ms:.3f}",
        )
        for point in report.points
    ]
    columns = ["", f"recall@{report.k}", "queries/s", "one search, ms", "one in 100, ms"]
    note = f"Medians of {report.rounds} rounds; one search with payloads, a batch without."
    return section("All that was measured", note, table(columns, rows, numbers=(2, 3, 4)))


def _name(point: SpeedPoint) -> str:
    return "exact" if point.ef is None else f"ef={point.ef}"
