"""The page of an inspection."""

from __future__ import annotations

from vdb.analysis.inspection.report import Inspection, LevelUse
from vdb.analysis.pages import charts
from vdb.analysis.pages.page import page, section, table, text, tiles

__all__ = ["inspection_page", "size"]


def inspection_page(report: Inspection) -> str:
    """An inspection as one HTML page."""
    info = report.info
    sub = (
        f"{info.dim or 'open'} dimensions of {info.dtype} · {info.metric} · {info.index} · "
        f"generation {info.generation}" + (f" · {info.model}" if info.model else "")
    )
    return page(
        f"Collection {info.name}",
        sub,
        [
            _facts(report),
            _lengths(report),
            _graph(report),
            _space(report),
            _history(report),
        ],
    )


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:,.0f} bytes" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:,.1f} TiB"


def _facts(report: Inspection) -> str:
    info = report.info
    vectors = info.count - info.without_vector
    reached = report.reached / vectors if vectors else 1.0
    facts = [
        (f"{info.count:,}", "records"),
        (f"{reached:.1%}", "of them reachable"),
        (f"{report.duplicates:,}", f"duplicates of {report.duplicate_groups:,} vectors"),
        (f"{info.free_slots:,}", "free slots, used by later records"),
        (f"{report.unlinked:,}", "new records that wait for their links"),
        (size(sum(report.bytes.values())), "in this collection"),
        (
            f"{report.file.fragmentation:.1%}",
            f"of the file free ({size(report.file.bytes)})",
        ),
        (str(report.file.readers), _lag(report)),
    ]
    if info.tuning is not None:
        target = f"ef for recall@{info.tuning.k} of {info.tuning.found}"
        facts.append((str(info.tuning.ef), target))
    return tiles(facts)


def _lag(report: Inspection) -> str:
    lag = report.file.reader_lag
    return "readers" if not lag else f"readers, the oldest {lag:,} commits behind"


def _lengths(report: Inspection) -> str:
    norms, histogram = report.norms, report.norm_histogram
    labels = [f"{edge:.3g}" for edge in histogram.edges]
    note = (
        "All vectors have length 1."
        if norms.unit
        else f"{norms.min:.4g} to {norms.max:.4g}, median {norms.median:.4g}, "
        f"mean {norms.mean:.4g}."
    )
    return section(
        "Lengths of the vectors",
        note,
        f'<div class="card">{charts.bars(histogram.counts, labels)}</div>',
    )


def _graph(report: Inspection) -> str:
    if not report.levels:
        return section("Graph", "There is none: every search looks at every vector.")
    cards = "".join(_degrees(level) for level in report.levels)
    rows = [
        (
            str(level.level),
            f"{level.nodes:,}",
            f"{level.mean_degree:.2f}",
            f"{level.max_degree} of {level.capacity}",
            f"{level.full:.1%}",
            f"{level.alone:,}",
            str(len(level.in_degrees) - 1),
        )
        for level in report.levels
    ]
    return section(
        "Graph",
        f"{report.nodes:,} nodes. Each level above the lowest holds a fraction of the one below; "
        "walks begin at the top.",
        f'<div class="plots">{cards}</div><br>',
        table(
            ["level", "nodes", "mean links", "most", "full", "without links", "most links in"],
            rows,
            numbers=range(7),
        ),
    )


def _degrees(level: LevelUse) -> str:
    labels = [str(links) for links in range(len(level.out_degrees))]
    plot = charts.bars(level.out_degrees, labels, number=level.level)
    title = f"Links of a node on level {level.level}"
    return f'<div class="card"><h3>{text(title)}</h3>{plot}</div>'


def _space(report: Inspection) -> str:
    kinds = [(kind, float(count), size(count)) for kind, count in report.bytes.items() if count]
    file = report.file
    parts = [
        ("in use", float(file.used_bytes), size(file.used_bytes)),
        ("free", float(file.free_bytes), size(file.free_bytes)),
    ]
    rows = [
        (
            use.kind,
            str(use.level),
            f"{use.blocks:,}",
            size(use.bytes),
            f"{use.used:,} of {use.rows:,}",
            f"{use.fill:.0%}",
        )
        for use in report.blocks
    ]
    return section(
        "Space",
        "Keys and values of this collection by kind, and the file that all collections share. Free "
        "space is used again by later commits; vdb compact gives it back.",
        '<div class="plots">'
        f'<div class="card"><h3>This collection</h3>{charts.stack(kinds)}</div>'
        f'<div class="card"><h3>The file</h3>{charts.stack(parts)}</div></div><br>',
        table(
            ["blocks of", "level", "blocks", "size", "rows in use", "fill"],
            rows,
            numbers=(1, 2, 3, 4, 5),
        ),
        _inactive(report),
    )


def _inactive(report: Inspection) -> str:
    rows = [
        (
            str(generation.generation),
            generation.role,
            generation.metric or "",
            generation.dtype or "",
            "" if generation.dim is None else str(generation.dim),
            generation.model or "",
            "" if generation.index is None else str(generation.index),
            f"{generation.blocks:,}",
            size(generation.bytes),
        )
        for generation in report.beside
    ]
    columns = [
        "generation", "not in use", "metric", "dtype", "dim", "model", "index", "blocks", "size",
    ]  # fmt: skip
    return f"<br>{table(columns, rows, numbers=(4, 7, 8))}" if rows else ""


_HISTORY_COLUMNS = [
    "generation",
    "when",
    "metric",
    "dtype",
    "dim",
    "model",
    "index",
    "by vdb",
    "why",
]


def _history(report: Inspection) -> str:
    rows = [
        (
            str(line.generation),
            f"{line.when:%Y-%m-%d %H:%M:%S} UTC",
            line.metric,
            line.dtype,
            str(line.dim),
            line.model or "",
            str(line.index),
            line.version,
            line.reason,
        )
        for line in reversed(report.info.history)
    ]
    return section(
        "Generations",
        "What the graph was built as, newest first.",
        table(_HISTORY_COLUMNS, rows),
    )
