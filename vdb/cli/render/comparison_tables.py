"""Tables of comparisons: quality, agreement, and the queries on which rankings differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vdb.cli.render import output

if TYPE_CHECKING:
    from vdb.analysis.comparison.fusions_report import FusionComparison
    from vdb.analysis.comparison.report import Agreement, Quality
    from vdb.analysis.comparison.sides_report import SideDisagreement, SideQuality


def quality(title: str, what: str, rows: Mapping[str, Quality | SideQuality], k: int) -> None:
    """Prints retrieval quality, best nDCG first; `what` heads the column of names."""
    output.table(
        f"{title} (95 % intervals)",
        [what, f"nDCG@{k}", f"recall@{k}", f"precision@{k}", f"MRR@{k}"],
        [
            (name, *map(str, (row.ndcg, row.recall, row.precision, row.mrr)))
            for name, row in sorted(rows.items(), key=lambda entry: -entry[1].ndcg.value)
        ],
    )


def agreements(title: str, what: str, pairs: Sequence[Agreement], k: int) -> None:
    """Prints each pair; `what` heads the column of names."""
    output.table(
        title,
        [what, f"overlap@{k}", "Kendall tau-b", "same first"],
        [
            (f"{pair.a} / {pair.b}", str(pair.overlap), str(pair.tau), f"{pair.same_first:.0%}")
            for pair in pairs
        ],
    )


def disagreement(example: SideDisagreement, what: str, score: str) -> None:
    """Prints the first record of each side for one query."""
    query_text = f": {example.text}" if example.text else ""
    output.table(
        f"query {example.query}{query_text} (overlap {example.overlap:.0%})",
        [what, "first", score, "grade", "text"],
        [
            (
                first.side,
                "-" if first.id is None else str(first.id),
                output.number(first.value),
                "?" if first.grade is None else f"{first.grade:g}",
                first.text or "",
            )
            for first in example.firsts
        ],
        numbers=(2, 3),
        shorten=4,
    )


def fusions(report: FusionComparison) -> None:
    """Prints a comparison of fusions."""
    k = report.k
    if report.quality:
        title = f"{report.collection}: retrieval, {report.labelled:,} labelled queries"
        quality(title, "ranking", {row.side: row for row in report.quality}, k)
        output.table(
            f"nDCG@{k} over either list alone",
            ["fusion", "against", "gain", "better", "worse", "equal"],
            [
                (
                    *(gain.fusion, gain.part, str(gain.ndcg)),
                    *(f"{count:,}" for count in (gain.better, gain.worse, gain.equal)),
                )
                for gain in report.gains
            ],
            numbers=(3, 4, 5),
        )
    if report.tuned:
        held = report.tuned[0].held
        output.table(
            f"weights, chosen on {report.tuned[0].tuned_on:,} queries; nDCG@{k} of {held:,} others",
            ["fusion", "text", "vector", "before", "after", "gain"],
            [
                (
                    one.fusion,
                    *(f"{weight:g}" for weight in one.weights),
                    *map(str, (one.before, one.ndcg, one.gain)),
                )
                for one in report.tuned
            ],
            numbers=(1, 2),
        )
    title = f"{report.collection}: agreement of rankings, {report.queries:,} queries"
    agreements(title, "rankings", report.agreements, k)
    for text in report.findings:
        output.line(f"- {text}")
    if report.unknown:
        output.line(f"- {report.unknown:,} labels name no record of the collection.")
    for example in report.disagreements[:3]:
        output.line("")
        disagreement(example, "ranking", "score")
