"""The page of a comparison of metrics."""

from __future__ import annotations

from itertools import product

from vdb.analysis.comparison.report import Disagreement, First, MetricComparison
from vdb.analysis.pages import charts
from vdb.analysis.pages.page import color, page, section, sentence_list, table, text
from vdb.analysis.pages.quality import quality_section, unknown_labels

__all__ = ["comparison_page"]


def comparison_page(report: MetricComparison) -> str:
    """A comparison as one HTML page."""
    sub = (
        f"{report.records:,} records of {report.dim} dimensions, now under {report.metric} · "
        f"{report.queries:,} queries"
        + (
            f", {report.labelled:,} of them labelled"
            if report.labelled
            else ", none of them labelled"
        )
        + f" · the {report.k} nearest of each, by exact search"
    )
    parts = [
        sentence_list(report.findings),
        _retrieval(report),
        _agreement(report),
        _lengths(report),
        _disagreements(report),
        section(
            "How to read this",
            "Every query was compared with every record under each metric, at one moment. "
            f"Intervals hold the middle 95 % of {report.resamples:,} resamples of the queries "
            f"(bootstrap, seed {report.seed}); those of differences are of paired queries. "
            "Kendall's tau-b is over the records that either metric has among its nearest, by "
            "their values under both.",
        ),
    ]
    return page(f"Metrics compared on {report.collection}", sub, parts)


def _number(report: MetricComparison, metric: str) -> int:
    return report.metrics.index(metric)


def _retrieval(report: MetricComparison) -> str:
    quality = {entry.metric: entry for entry in report.quality}
    title, remark = "Which metric retrieves best", unknown_labels(report.unknown)
    return quality_section(title, report, quality, what="metric", remark=remark)


def _agreement(report: MetricComparison) -> str:
    overlap: dict[tuple[str, str], float] = {}
    tau: dict[tuple[str, str], float] = {}
    first: dict[tuple[str, str], float] = {}
    for pair in report.agreements:
        for key in ((pair.a, pair.b), (pair.b, pair.a)):
            overlap[key] = pair.overlap.value
            tau[key], first[key] = pair.tau.value, pair.same_first
    cards = []
    for title, values, form in (
        (f"Shared part of the {report.k} nearest", overlap, ".0%"),
        ("Rank correlation (Kendall's tau-b)", tau, ".2f"),
        ("Same record first", first, ".0%"),
    ):
        square: list[list[float | None]] = [[None] * len(report.metrics) for _ in report.metrics]
        for (i, a), (j, b) in product(enumerate(report.metrics), repeat=2):
            square[i][j] = values.get((a, b))
        cards.append(
            f'<div class="card"><h3>{text(title)}</h3>'
            f"{charts.matrix(report.metrics, square, form)}</div>"
        )
    rows = [
        (f"{pair.a} / {pair.b}", str(pair.overlap), str(pair.tau), f"{pair.same_first:.1%}")
        for pair in report.agreements
    ]
    return section(
        "How alike the metrics rank",
        "The darker, the more alike.",
        f'<div class="plots">{"".join(cards)}</div><br>',
        table(["metrics", f"overlap@{report.k}", "tau-b", "same first"], rows),
    )


def _lengths(report: MetricComparison) -> str:
    norms = report.norms
    ends = (norms.min, norms.p5, norms.median, norms.p95, norms.max)
    marks = [
        (name, length, i)
        for i, (name, length) in enumerate(zip(report.metrics, report.hit_norms, strict=True))
    ]
    queries = report.query_norms
    return section(
        "Lengths of the vectors",
        "The bar holds 90 of 100 stored vectors, the stroke is the median; dots are the mean "
        f"length of the {report.k} nearest under each metric. A metric whose dot lies far to the "
        "right favours long vectors.",
        f'<div class="card">{charts.box(ends, marks)}</div>',
        f'<p class="small">Queries: {queries.min:.3g} to {queries.max:.3g}, median '
        f"{queries.median:.3g}.</p>",
    )


def _disagreements(report: MetricComparison) -> str:
    if not report.disagreements:
        return ""
    cards = "".join(_disagreement(report, example) for example in report.disagreements)
    return section(
        "Where the metrics differ most",
        "The queries with the fewest shared hits, and what each metric ranks first.",
        f'<div style="display:grid;gap:1rem">{cards}</div>',
    )


def _disagreement(report: MetricComparison, example: Disagreement) -> str:
    query_text = example.text or f"query {example.query}"
    shared = f"query {example.query} · {example.overlap:.0%} of the {report.k} nearest shared"
    firsts = "".join(_first(report, first) for first in example.firsts)
    return (
        f'<div class="card"><h3>{text(query_text)}</h3>'
        f'<p class="small">{shared}</p>'
        f'<div class="grid">{firsts}</div></div>'
    )


def _first(report: MetricComparison, first: First) -> str:
    if first.id is None:
        return f"<div><b>{text(first.metric)}</b><p>finds nothing</p></div>"
    tag = {
        None: "",
        True: ' <span class="tag yes">relevant</span>',
        False: ' <span class="tag no">not relevant</span>',
    }[first.relevant]
    dot = color(_number(report, first.metric))
    return (
        f'<div><span class="dot" style="background:{dot}"></span><b>{text(first.metric)}</b>{tag}'
        f'<p class="quote">{text(first.text or "")}</p>'
        f'<span class="small">{text(first.id)} · value {first.value:.4g} · length '
        f"{first.norm:.3g}</span></div>"
    )
