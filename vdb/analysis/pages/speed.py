"""The page of a benchmark of one collection."""

from __future__ import annotations

from vdb.analysis.measurement.speed import SpeedPoint, SpeedReport
from vdb.analysis.pages.curves import speed_curves
from vdb.analysis.pages.page import page, section, table, tiles

__all__ = ["speed_page"]


def speed_page(found: SpeedReport) -> str:
    """Recall and speed as one HTML page."""
    parameters = ", ".join(f"{name} {value}" for name, value in found.index.items())
    sub = (
        f"{found.records:,} records · {found.dim} dimensions of {found.dtype} · {found.metric} · "
        f"{parameters} · vdb {found.version} · {found.instruction_set}"
    )
    return page(
        f"Speed of collection {found.collection}", sub, [_facts(found), _curve(found), _all(found)]
    )


def _facts(found: SpeedReport) -> str:
    facts = [(f"{found.queries:,}", f"{found.source} queries"), (str(found.threads), "threads")]
    for recall in (0.95, 0.99):
        best = found.at(recall)
        if best is not None:
            width = "exact" if best.ef is None else f"ef={best.ef}"
            facts.append((f"{best.per_second:,.0f}", f"queries a second at {recall:g}, {width}"))
    return tiles(facts)


def _curve(found: SpeedReport) -> str:
    line = [
        (point.recall.value, point.per_second, _name(point))
        for point in found.points
        if point.ef is not None
    ]
    if not line:
        return ""
    return section(
        f"Queries a second over recall@{found.k}",
        "A batch through search_many; the further up and to the right, the better.",
        speed_curves([(found.collection, line)]),
    )


def _all(found: SpeedReport) -> str:
    rows = [
        (
            _name(point),
            str(point.recall),
            f"{point.per_second:,.0f}",
            f"{point.median_ms:.3f}",
            f"{point.slow_ms:.3f}",
        )
        for point in found.points
    ]
    columns = ["", f"recall@{found.k}", "queries/s", "one search, ms", "one in 100, ms"]
    note = f"Medians of {found.rounds} rounds; one search with payloads, a batch without."
    return section("All that was measured", note, table(columns, rows, numbers=(2, 3, 4)))


def _name(point: SpeedPoint) -> str:
    return "exact" if point.ef is None else f"ef={point.ef}"
