"""The page of a comparison of metrics."""

from __future__ import annotations

from itertools import product

from vdb.analysis.comparison.report import Disagreement, First, MetricComparison
from vdb.analysis.pages import charts
from vdb.analysis.pages.page import color, listed, page, section, table, text

__all__ = ["comparison_page"]


def comparison_page(found: MetricComparison) -> str:
    """A comparison as one HTML page."""
    sub = (
        f"{found.records:,} records of {found.dim} dimensions, now under {found.metric} · "
        f"{found.queries:,} queries"
        + (
            f", {found.labelled:,} of them labelled"
            if found.labelled
            else ", none of them labelled"
        )
        + f" · the {found.k} nearest of each, by exact search"
    )
    parts = [
        listed(found.findings),
        _retrieval(found),
        _agreement(found),
        _lengths(found),
        _disagreements(found),
        section(
            "How to read this",
            "Every query was compared with every record under each metric, at one moment. "
            f"Intervals hold the middle 95 % of {found.resamples:,} resamples of the queries "
            f"(bootstrap, seed {found.seed}); those of differences are of paired queries. "
            "Kendall's tau-b is over the records that either metric has among its nearest, by "
            "their values under both.",
        ),
    ]
    return page(f"Metrics compared on {found.collection}", sub, parts)


def _number(found: MetricComparison, metric: str) -> int:
    return found.metrics.index(metric)


def _retrieval(found: MetricComparison) -> str:
    if not found.quality:
        return ""
    k = found.k
    ordered = sorted(found.quality, key=lambda one: -one.ndcg.value)
    measures = {
        f"nDCG@{k}": [one.ndcg for one in ordered],
        f"Recall@{k}": [one.recall for one in ordered],
        f"Precision@{k}": [one.precision for one in ordered],
        f"MRR@{k}": [one.mrr for one in ordered],
    }
    cards = []
    for title, column in measures.items():
        rows = [
            (one.metric, interval, _number(found, one.metric))
            for one, interval in zip(ordered, column, strict=True)
        ]
        cards.append(
            f'<div class="card"><h3>{text(title)}</h3>{charts.intervals(rows, low=0.0)}</div>'
        )
    apart = [(f"vs {one.other}", one.ndcg, _number(found, one.other)) for one in found.differences]
    cards.append(
        f'<div class="card"><h3>{text(found.best)} ahead by, in nDCG@{k}</h3>'
        f"{charts.intervals(apart, zero=True)}"
        '<p class="small">An interval that holds 0: not to be told apart with these queries.</p>'
        "</div>"
    )
    lines = [
        (
            one.metric,
            str(one.ndcg),
            str(one.recall),
            str(one.precision),
            str(one.mrr),
            f"{one.found:.1%}",
        )
        for one in ordered
    ]
    columns = ["metric", *measures, "queries with a hit"]
    return section(
        "Which metric retrieves best",
        f"Over {found.labelled:,} labelled queries; dots are means, bars their 95 % intervals."
        + (f" {found.unknown:,} labels name no record." if found.unknown else ""),
        f'<div class="plots">{"".join(cards)}</div><br>',
        table(columns, lines),
    )


def _agreement(found: MetricComparison) -> str:
    overlap: dict[tuple[str, str], float] = {}
    tau: dict[tuple[str, str], float] = {}
    first: dict[tuple[str, str], float] = {}
    for pair in found.agreements:
        for key in ((pair.a, pair.b), (pair.b, pair.a)):
            overlap[key] = pair.overlap.value
            tau[key], first[key] = pair.tau.value, pair.same_first
    cards = []
    for title, values, form in (
        (f"Shared part of the {found.k} nearest", overlap, ".0%"),
        ("Rank correlation (Kendall's tau-b)", tau, ".2f"),
        ("Same record first", first, ".0%"),
    ):
        square: list[list[float | None]] = [[None] * len(found.metrics) for _ in found.metrics]
        for (i, a), (j, b) in product(enumerate(found.metrics), repeat=2):
            square[i][j] = values.get((a, b))
        cards.append(
            f'<div class="card"><h3>{text(title)}</h3>'
            f"{charts.matrix(found.metrics, square, form)}</div>"
        )
    rows = [
        (f"{pair.a} / {pair.b}", str(pair.overlap), str(pair.tau), f"{pair.same_first:.1%}")
        for pair in found.agreements
    ]
    return section(
        "How alike the metrics rank",
        "The darker, the more alike.",
        f'<div class="plots">{"".join(cards)}</div><br>',
        table(["metrics", f"overlap@{found.k}", "tau-b", "same first"], rows),
    )


def _lengths(found: MetricComparison) -> str:
    norms = found.norms
    ends = (norms.min, norms.p5, norms.median, norms.p95, norms.max)
    marks = [
        (name, length, i)
        for i, (name, length) in enumerate(zip(found.metrics, found.hit_norms, strict=True))
    ]
    queries = found.query_norms
    return section(
        "Lengths of the vectors",
        "The bar holds 90 of 100 stored vectors, the stroke is the median; dots are the mean "
        f"length of the {found.k} nearest under each metric. A metric whose dot lies far to the "
        "right favours long vectors.",
        f'<div class="card">{charts.box(ends, marks)}</div>',
        f'<p class="small">Queries: {queries.min:.3g} to {queries.max:.3g}, median '
        f"{queries.median:.3g}.</p>",
    )


def _disagreements(found: MetricComparison) -> str:
    if not found.disagreements:
        return ""
    cards = "".join(_disagreement(found, one) for one in found.disagreements)
    return section(
        "Where the metrics differ most",
        "The queries with the fewest shared hits, and what each metric ranks first.",
        f'<div style="display:grid;gap:1rem">{cards}</div>',
    )


def _disagreement(found: MetricComparison, one: Disagreement) -> str:
    said = one.text or f"query {one.query}"
    shared = f"query {one.query} · {one.overlap:.0%} of the {found.k} nearest shared"
    firsts = "".join(_first(found, first) for first in one.firsts)
    return (
        f'<div class="card"><h3>{text(said)}</h3>'
        f'<p class="small">{shared}</p>'
        f'<div class="grid">{firsts}</div></div>'
    )


def _first(found: MetricComparison, first: First) -> str:
    if first.id is None:
        return f"<div><b>{text(first.metric)}</b><p>finds nothing</p></div>"
    tag = {
        None: "",
        True: ' <span class="tag yes">relevant</span>',
        False: ' <span class="tag no">not relevant</span>',
    }[first.relevant]
    dot = color(_number(found, first.metric))
    return (
        f'<div><span class="dot" style="background:{dot}"></span><b>{text(first.metric)}</b>{tag}'
        f'<p class="quote">{text(first.text or "")}</p>'
        f'<span class="small">{text(first.id)} · value {first.value:.4g} · length '
        f"{first.norm:.3g}</span></div>"
    )
