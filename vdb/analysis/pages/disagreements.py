"""Cards of the queries on which rankings differ most: of collections, or of fusions."""

from __future__ import annotations

from collections.abc import Sequence

from vdb.analysis.comparison.sides_report import SideDisagreement, SideFirst
from vdb.analysis.pages.page import color, section, text

__all__ = ["disagreement_cards"]


def disagreement_cards(
    disagreements: Sequence[SideDisagreement], names: Sequence[str], k: int, score: str = "value"
) -> str:
    """A section with a card for each query; "" without any.

    Args:
        disagreements: The queries.
        names: The sides, in the order of their colours.
        k: The number of compared hits.
        score: What the number of a hit is called.
    """
    if not disagreements:
        return ""
    cards = "".join(_card(example, names, k, score) for example in disagreements)
    return section(
        "Where they differ most",
        "The queries with the fewest shared hits, and what each ranks first.",
        f'<div style="display:grid;gap:1rem">{cards}</div>',
    )


def _card(example: SideDisagreement, names: Sequence[str], k: int, score: str) -> str:
    shared = f"query {example.query} · {example.overlap:.0%} of the {k} nearest shared"
    firsts = "".join(_first(first, names.index(first.side), score) for first in example.firsts)
    return (
        f'<div class="card"><h3>{text(example.text or f"query {example.query}")}</h3>'
        f'<p class="small">{shared}</p><div class="grid">{firsts}</div></div>'
    )


def _first(first: SideFirst, number: int, score: str) -> str:
    if first.id is None:
        return f"<div><b>{text(first.side)}</b><p>finds nothing</p></div>"
    tag = ""
    if first.grade is not None:
        kind, words = ("yes", f"grade {first.grade:g}") if first.grade else ("no", "not relevant")
        tag = f' <span class="tag {kind}">{words}</span>'
    return (
        f'<div><span class="dot" style="background:{color(number)}"></span>'
        f"<b>{text(first.side)}</b>{tag}"
        f'<p class="quote">{text(first.text or "")}</p>'
        f'<span class="small">{text(first.id)} · {score} {first.value:.4g}</span></div>'
    )
