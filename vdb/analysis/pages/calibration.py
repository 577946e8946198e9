"""The page of a calibrated threshold."""

from __future__ import annotations

from vdb.analysis.calibration.report import Calibration, Change, Changes
from vdb.analysis.pages import charts
from vdb.analysis.pages.page import color, page, section, sentence_list, table, text, tiles

__all__ = ["calibration_page"]


def calibration_page(report: Calibration) -> str:
    """A calibration as one HTML page."""
    basis = (
        f"{report.queries:,} queries, every record under both" if report.queries else "by formula"
    )
    parts = [sentence_list(report.findings), _threshold(report)]
    if report.queries:
        parts += [_hits(report), _examples(report), _reading_notes(report)]
    return page(
        f"Threshold {report.threshold:.6g} on {report.collection}",
        f"from {_old_unit(report)} to {_new_unit(report)} · {basis}",
        parts,
    )


def _old_unit(report: Calibration) -> str:
    return f"{report.metric} {report.scores}"


def _new_unit(report: Calibration) -> str:
    return f"{report.to_metric} {report.to_scores}"


def _threshold(report: Calibration) -> str:
    interval = report.to_threshold
    facts = [
        (f"{report.threshold:.6g}", f"the threshold under {_old_unit(report)}"),
        (f"{interval.value:.6g}", f"takes its place under {_new_unit(report)}"),
    ]
    if not report.queries:
        return section("The threshold", "", tiles(facts))
    facts += [
        (f"{report.hits:,}", f"hits before, of {report.answered:,} queries"),
        (f"{report.to_hits:,}", f"hits now, of {report.to_answered:,} queries"),
    ]
    if report.precision is not None and report.to_precision is not None:
        facts += [
            (f"{report.precision:.1%}", "of the hits before were relevant"),
            (f"{report.to_precision:.1%}", "of those now are"),
        ]
    if report.exact:
        return section("The threshold", "Converted by formula, exactly.", tiles(facts))
    quantity = {"count": "the number of hits", "precision": "the precision"}[report.keep or "count"]
    plot = charts.intervals([(report.sides[1], interval, 1)])
    return section(
        "The threshold",
        f"Drawn where {quantity} is kept. The bar is where other queries of this kind would put it "
        f"(95 %): {interval.low:.6g} to {interval.high:.6g}.",
        tiles(facts),
        f'<br><div class="card">{plot}</div>',
    )


def _groups(report: Calibration) -> dict[str, Changes]:
    return {
        "in both": report.kept,
        f"let in by {report.sides[1]}": report.let_in,
        "let out": report.let_out,
    }


def _hits(report: Calibration) -> str:
    groups = _groups(report)
    parts = [(name, float(group.hits), f"{group.hits:,}") for name, group in groups.items()]
    rows = [
        (name, f"{group.hits:,}", "?" if group.relevant is None else f"{group.relevant:,}")
        for name, group in groups.items()
    ]
    return section(
        "What it lets in and out",
        "Hits of all queries together.",
        f'<div class="card">{charts.stack(parts)}</div><br>',
        table(["", "hits", "relevant"], rows, numbers=(1, 2)),
    )


def _examples(report: Calibration) -> str:
    cards = [
        _card(f"Let in by {report.sides[1]}, closest first", report.let_in, 1),
        _card(f"Let out, closest by {report.sides[0]} first", report.let_out, 2),
    ]
    if not any(cards):
        return ""
    return section("Examples", "", f'<div class="grid">{"".join(cards)}</div>')


def _card(title: str, group: Changes, number: int) -> str:
    if not group.examples:
        return ""
    dot = f'<span class="dot" style="background:{color(number)}"></span>'
    examples = "".join(_example(change) for change in group.examples)
    return f'<div class="card"><h3>{dot}{text(title)}</h3>{examples}</div>'


def _example(change: Change) -> str:
    query_text = change.query_text or f"query {change.query}"
    tag = {
        None: "",
        True: ' <span class="tag yes">relevant</span>',
        False: ' <span class="tag no">not relevant</span>',
    }[change.relevant]
    return (
        f'<p class="quote"><b>{text(query_text)}</b>{tag}<br>{text(change.text or "")}</p>'
        f'<span class="small">{text(change.id)} · value {change.value:.4g}</span>'
    )


def _reading_notes(report: Calibration) -> str:
    return section(
        "How to read this",
        "Every query was compared with every record under both, at one moment. The "
        "interval holds the middle 95 % of resamples of the queries (bootstrap, seed "
        f"{report.seed}). Each threshold is in the unit of its own convention.",
    )
