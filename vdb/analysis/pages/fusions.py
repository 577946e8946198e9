"""The page of a comparison of fusions."""

from __future__ import annotations

from collections.abc import Sequence

from vdb.analysis.comparison.fusions_report import FusionComparison, QueryGain, TunedWeights
from vdb.analysis.pages import charts
from vdb.analysis.pages.disagreements import disagreement_cards
from vdb.analysis.pages.page import page, section, sentence_list, table
from vdb.analysis.pages.quality import quality_section, unknown_labels

__all__ = ["fusions_page"]


def fusions_page(report: FusionComparison) -> str:
    """A comparison as one HTML page."""
    labelled = f"{report.labelled:,}" if report.labelled else "none"
    sub = (
        f"{report.records:,} records, {report.metric} · {report.queries:,} queries, {labelled} of "
        f"them labelled · the {report.k} best of each, both lists by exact search"
    )
    parts = [
        sentence_list(report.findings),
        _rankings(report),
        _retrieval(report),
        _gains(report),
        _tuned(report),
        _queries("Queries that fusing helps most", report.gained),
        _queries("Queries that fusing harms most", report.lost),
        _agreement(report),
        disagreement_cards(
            report.disagreements, [one.name for one in report.rankings], report.k, "score"
        ),
        section(
            "How to read this",
            '"text" is the list by words alone, "vector" the one by vector. Intervals hold the '
            f"middle 95 % of {report.resamples:,} resamples of the queries (bootstrap, seed "
            f"{report.seed}); those of differences are of paired queries. Weights are chosen on "
            "one half of the labelled queries and judged on the other. Kendall's tau-b is over the "
            "records that either ranking has among its best and both have at all.",
        ),
    ]
    return page(f"Fusions compared on {report.collection}", sub, parts)


def _number(report: FusionComparison, name: str) -> int:
    return [one.name for one in report.rankings].index(name)


def _rankings(report: FusionComparison) -> str:
    rows = [
        (
            one.name,
            one.fusion or "one list alone",
            "" if one.weights is None else ", ".join(f"{weight:g}" for weight in one.weights),
            f"{one.window:,}",
            one.text_scores,
            one.vector_scores,
        )
        for one in report.rankings
    ]
    columns = ["ranking", "fusion", "weights", "window", "text scores", "vector scores"]
    return section("What was compared", "", table(columns, rows, numbers=(3,)))


def _retrieval(report: FusionComparison) -> str:
    quality = {entry.side: entry for entry in report.quality}
    title, remark = "Which retrieves best", unknown_labels(report.unknown)
    return quality_section(title, report, quality, what="ranking", remark=remark)


def _gains(report: FusionComparison) -> str:
    if not report.gains:
        return ""
    cards = []
    for part in ("text", "vector"):
        rows = [
            (gain.fusion, gain.ndcg, _number(report, gain.fusion))
            for gain in report.gains
            if gain.part == part
        ]
        plot = charts.intervals(rows, zero=True)
        cards.append(f'<div class="card"><h3>nDCG@{report.k} minus {part} alone</h3>{plot}</div>')
    lines = [
        (
            gain.fusion,
            gain.part,
            str(gain.ndcg),
            f"{gain.better:,}",
            f"{gain.worse:,}",
            f"{gain.equal:,}",
        )
        for gain in report.gains
    ]
    columns = ["fusion", "against", f"nDCG@{report.k}", "better", "worse", "equal"]
    return section(
        "What fusing gains over either list",
        "An interval that holds 0: not to be told apart with these queries. The counts are of "
        "queries.",
        f'<div class="plots">{"".join(cards)}</div><br>',
        table(columns, lines, numbers=(3, 4, 5)),
    )


def _tuned(report: FusionComparison) -> str:
    if not report.tuned:
        return ""
    rows = [_tuned_row(one) for one in report.tuned]
    one = report.tuned[0]
    columns = ["fusion", "text : vector", "nDCG", "before", "gain", "over text", "over vector"]
    return section(
        "What weights are worth",
        f"Chosen on {one.tuned_on:,} queries; the figures are of the {one.held:,} others.",
        table(columns, rows),
    )


def _tuned_row(one: TunedWeights) -> tuple[str, ...]:
    weights = f"{one.weights[0]:g} : {one.weights[1]:g}"
    figures = (one.ndcg, one.before, one.gain, one.over_text, one.over_vector)
    return (one.fusion, weights, *map(str, figures))


def _queries(title: str, rows: Sequence[QueryGain]) -> str:
    if not rows:
        return ""
    lines = [
        (
            str(row.query),
            row.text,
            f"{row.ndcg:.3f}",
            f"{row.text_ndcg:.3f}",
            f"{row.vector_ndcg:.3f}",
        )
        for row in rows
    ]
    columns = ["query", "text", f"nDCG, {rows[0].fusion}", "text alone", "vector alone"]
    return section(title, "", table(columns, lines, numbers=(2, 3, 4)))


def _agreement(report: FusionComparison) -> str:
    rows = [
        (f"{pair.a} / {pair.b}", str(pair.overlap), str(pair.tau), f"{pair.same_first:.1%}")
        for pair in report.agreements
    ]
    columns = ["rankings", f"overlap@{report.k}", "tau-b", "same first"]
    return section("Do they rank alike", "", table(columns, rows))
