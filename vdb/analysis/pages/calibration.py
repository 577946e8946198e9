"""The page of a threshold that was carried over."""

from __future__ import annotations

from vdb.analysis.calibration.report import Calibration, Change, Changes
from vdb.analysis.pages import charts
from vdb.analysis.pages.page import color, listed, page, section, table, text, tiles

__all__ = ["calibration_page"]


def calibration_page(found: Calibration) -> str:
    """A calibration as one HTML page."""
    asked = f"{found.queries:,} queries, every record under both" if found.queries else "by formula"
    parts = [listed(found.findings), _threshold(found)]
    if found.queries:
        parts += [_hits(found), _examples(found), _how(found)]
    return page(
        f"Threshold {found.threshold:.6g} on {found.collection}",
        f"from {_before(found)} to {_after(found)} · {asked}",
        parts,
    )


def _before(found: Calibration) -> str:
    return f"{found.metric} {found.scores}"


def _after(found: Calibration) -> str:
    return f"{found.to_metric} {found.to_scores}"


def _threshold(found: Calibration) -> str:
    line = found.to_threshold
    facts = [
        (f"{found.threshold:.6g}", f"the threshold under {_before(found)}"),
        (f"{line.value:.6g}", f"takes its place under {_after(found)}"),
    ]
    if not found.queries:
        return section("The threshold", "", tiles(facts))
    facts += [
        (f"{found.hits:,}", f"hits before, of {found.answered:,} queries"),
        (f"{found.to_hits:,}", f"hits now, of {found.to_answered:,} queries"),
    ]
    if found.precision is not None and found.to_precision is not None:
        facts += [
            (f"{found.precision:.1%}", "of the hits before were relevant"),
            (f"{found.to_precision:.1%}", "of those now are"),
        ]
    if found.exact:
        return section("The threshold", "Converted by formula, exactly.", tiles(facts))
    kept = {"count": "the number of hits", "precision": "the precision"}[found.keep or "count"]
    plot = charts.intervals([(found.to_metric, line, 1)])
    return section(
        "The threshold",
        f"Drawn where {kept} is kept. The bar is where other queries of this kind would put it "
        f"(95 %): {line.low:.6g} to {line.high:.6g}.",
        tiles(facts),
        f'<br><div class="card">{plot}</div>',
    )


def _groups(found: Calibration) -> dict[str, Changes]:
    return {
        "in both": found.kept,
        f"let in by {found.to_metric}": found.let_in,
        "let out": found.let_out,
    }


def _hits(found: Calibration) -> str:
    groups = _groups(found)
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


def _examples(found: Calibration) -> str:
    cards = [
        _card(f"Let in by {found.to_metric}, closest first", found.let_in, 1),
        _card(f"Let out, closest by {found.metric} first", found.let_out, 2),
    ]
    if not any(cards):
        return ""
    return section("Examples", "", f'<div class="grid">{"".join(cards)}</div>')


def _card(title: str, group: Changes, number: int) -> str:
    if not group.examples:
        return ""
    dot = f'<span class="dot" style="background:{color(number)}"></span>'
    shown = "".join(_example(one) for one in group.examples)
    return f'<div class="card"><h3>{dot}{text(title)}</h3>{shown}</div>'


def _example(one: Change) -> str:
    said = one.query_text or f"query {one.query}"
    tag = {
        None: "",
        True: ' <span class="tag yes">relevant</span>',
        False: ' <span class="tag no">not relevant</span>',
    }[one.relevant]
    return (
        f'<p class="quote"><b>{text(said)}</b>{tag}<br>{text(one.text or "")}</p>'
        f'<span class="small">{text(one.id)} · value {one.value:.4g}</span>'
    )


def _how(found: Calibration) -> str:
    return section(
        "How to read this",
        "Every query was compared with every record under both metrics, at one moment. The "
        "interval holds the middle 95 % of resamples of the queries (bootstrap, seed "
        f"{found.seed}). Each threshold is in the unit of its own convention.",
    )
