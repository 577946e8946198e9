"""The page of a comparison of collections."""

from __future__ import annotations

from vdb.analysis.comparison.sides_report import CollectionComparison, SideDisagreement, SideFirst
from vdb.analysis.pages.page import color, page, section, sentence_list, table, text
from vdb.analysis.pages.quality import quality_plots, quality_table

__all__ = ["collections_page"]


def collections_page(report: CollectionComparison) -> str:
    """A comparison as one HTML page."""
    names = " and ".join(side.name for side in report.sides)
    labelled = f"{report.labelled:,}" if report.labelled else "none"
    sub = (
        f"{report.queries:,} queries, {labelled} of them labelled · the {report.k} nearest of "
        "each, by exact search"
    )
    parts = [
        sentence_list(report.findings),
        _sides(report),
        _retrieval(report),
        _agreement(report),
        _disagreements(report),
        section(
            "How to read this",
            "Every query was compared with every record of each collection. Records are the same "
            f"where their ids are. Intervals hold the middle 95 % of {report.resamples:,} "
            f"resamples of the queries (bootstrap, seed {report.seed}); those of differences are "
            "of paired queries. Kendall's tau-b is over the records that either has among its "
            "nearest and both have at all.",
        ),
    ]
    return page(f"{names} compared", sub, parts)


def _number(report: CollectionComparison, name: str) -> int:
    return [side.name for side in report.sides].index(name)


def _sides(report: CollectionComparison) -> str:
    rows = [
        (side.name, side.metric, side.model or "", f"{side.records:,}", str(side.dim))
        for side in report.sides
    ]
    return section(
        "What was compared", "", table(["side", "metric", "model", "records", "dim"], rows)
    )


def _retrieval(report: CollectionComparison) -> str:
    if not report.quality:
        return ""
    quality = {entry.side: entry for entry in report.quality}
    unknown = "".join(
        f" {count:,} labels name no record of {side.name}."
        for side, count in zip(report.sides, report.unknown, strict=True)
        if count
    )
    return section(
        "Which retrieves best",
        f"Over {report.labelled:,} labelled queries; dots are means, bars their 95 % intervals."
        + unknown,
        quality_plots(quality, report.differences, report.k),
        "<br>",
        quality_table(quality, report.k, "side"),
    )


def _agreement(report: CollectionComparison) -> str:
    rows = [
        (f"{pair.a} / {pair.b}", str(pair.overlap), str(pair.tau), f"{pair.same_first:.1%}")
        for pair in report.agreements
    ]
    columns = ["sides", f"overlap@{report.k}", "tau-b", "same first"]
    return section("Do they rank alike", "", table(columns, rows))


def _disagreements(report: CollectionComparison) -> str:
    if not report.disagreements:
        return ""
    cards = "".join(_disagreement(report, example) for example in report.disagreements)
    return section(
        "Where they differ most",
        "The queries with the fewest shared hits, and what each ranks first.",
        f'<div style="display:grid;gap:1rem">{cards}</div>',
    )


def _disagreement(report: CollectionComparison, example: SideDisagreement) -> str:
    shared = f"query {example.query} · {example.overlap:.0%} of the {report.k} nearest shared"
    firsts = "".join(_first(report, first) for first in example.firsts)
    return (
        f'<div class="card"><h3>{text(example.text or f"query {example.query}")}</h3>'
        f'<p class="small">{shared}</p><div class="grid">{firsts}</div></div>'
    )


def _first(report: CollectionComparison, first: SideFirst) -> str:
    if first.id is None:
        return f"<div><b>{text(first.side)}</b><p>finds nothing</p></div>"
    tag = ""
    if first.grade is not None:
        kind, words = ("yes", f"grade {first.grade:g}") if first.grade else ("no", "not relevant")
        tag = f' <span class="tag {kind}">{words}</span>'
    dot = color(_number(report, first.side))
    return (
        f'<div><span class="dot" style="background:{dot}"></span><b>{text(first.side)}</b>{tag}'
        f'<p class="quote">{text(first.text or "")}</p>'
        f'<span class="small">{text(first.id)} · value {first.value:.4g}</span></div>'
    )
