"""Plots of retrieval quality: of metrics, of fusions, or of collections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from vdb.analysis.comparison.report import Difference
from vdb.analysis.pages import charts
from vdb.analysis.pages.page import section, table, text
from vdb.model.interval import Interval

__all__ = ["quality_section", "unknown_labels"]


class _Quality(Protocol):
    """Means over labelled queries."""

    @property
    def recall(self) -> Interval: ...
    @property
    def precision(self) -> Interval: ...
    @property
    def mrr(self) -> Interval: ...
    @property
    def ndcg(self) -> Interval: ...
    @property
    def found(self) -> float: ...


class _Report(Protocol):
    """A comparison with labelled queries."""

    @property
    def labelled(self) -> int: ...
    @property
    def differences(self) -> Sequence[Difference]: ...
    @property
    def k(self) -> int: ...


def quality_section(
    title: str, report: _Report, quality: Mapping[str, _Quality], *, what: str, remark: str
) -> str:
    """Which of several retrieves best; empty without labelled queries.

    Args:
        title: Its heading.
        report: The comparison.
        quality: That of each, by name, in the order of the colours.
        what: What they are: the heading of the column of names.
        remark: What else there is to say, after the first sentence.
    """
    if not quality:
        return ""
    return section(
        title,
        f"Over {report.labelled:,} labelled queries; dots are means, bars their 95 % intervals."
        f"{remark}",
        _plots(quality, report.differences, report.k),
        "<br>",
        _table(quality, report.k, what),
    )


def unknown_labels(count: int) -> str:
    """That so many labels name no record; empty for none."""
    return f" {count:,} labels name no record." if count else ""


def _plots(quality: Mapping[str, _Quality], differences: Sequence[Difference], k: int) -> str:
    """A card for each measure, best nDCG first, and one for the differences from the best.

    `quality` is in the order of the colours.
    """
    ordered = _best_first(quality)
    numbers = {name: number for number, name in enumerate(quality)}
    cards = []
    for title, measure in _MEASURES.items():
        rows = [(name, getattr(quality[name], measure), numbers[name]) for name in ordered]
        cards.append(_card(f"{title}@{k}", charts.intervals(rows, low=0.0)))
    if differences:
        gaps = [(f"vs {gap.other}", gap.ndcg, numbers[gap.other]) for gap in differences]
        note = "An interval that holds 0: not to be told apart with these queries."
        cards.append(
            _card(
                f"{differences[0].best} ahead by, in nDCG@{k}",
                f'{charts.intervals(gaps, zero=True)}<p class="small">{note}</p>',
            )
        )
    return f'<div class="plots">{"".join(cards)}</div>'


def _table(quality: Mapping[str, _Quality], k: int, what: str) -> str:
    """The same in numbers."""
    lines = [
        (
            name,
            *(str(getattr(quality[name], measure)) for measure in _MEASURES.values()),
            f"{quality[name].found:.1%}",
        )
        for name in _best_first(quality)
    ]
    return table([what, *(f"{title}@{k}" for title in _MEASURES), "queries with a hit"], lines)


_MEASURES = {"nDCG": "ndcg", "Recall": "recall", "Precision": "precision", "MRR": "mrr"}


def _best_first(quality: Mapping[str, _Quality]) -> list[str]:
    return sorted(quality, key=lambda name: -quality[name].ndcg.value)


def _card(title: str, inside: str) -> str:
    return f'<div class="card"><h3>{text(title)}</h3>{inside}</div>'
