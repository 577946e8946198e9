"""The page of a comparison of collections."""

from __future__ import annotations

from vdb.analysis.comparison.sides_report import CollectionComparison
from vdb.analysis.pages.disagreements import disagreement_cards
from vdb.analysis.pages.page import page, section, sentence_list, table
from vdb.analysis.pages.quality import quality_section

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
        disagreement_cards(report.disagreements, [side.name for side in report.sides], report.k),
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
    remark = "".join(
        f" {count:,} labels name no record of {side.name}."
        for side, count in zip(report.sides, report.unknown, strict=True)
        if count
    )
    return quality_section("Which retrieves best", report, quality, what="side", remark=remark)


def _agreement(report: CollectionComparison) -> str:
    rows = [
        (f"{pair.a} / {pair.b}", str(pair.overlap), str(pair.tau), f"{pair.same_first:.1%}")
        for pair in report.agreements
    ]
    columns = ["sides", f"overlap@{report.k}", "tau-b", "same first"]
    return section("Do they rank alike", "", table(columns, rows))
