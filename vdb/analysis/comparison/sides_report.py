"""The dataclasses of a comparison of collections."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.analysis.comparison.report import Agreement, Difference
from vdb.model.interval import Interval
from vdb.model.records import Id
from vdb.model.results import Result

__all__ = [
    "CollectionComparison",
    "SideDisagreement",
    "SideFirst",
    "SideQuality",
    "SideSummary",
]


@dataclass(frozen=True, slots=True)
class SideSummary(Result):
    """One side of a comparison.

    Attributes:
        name: Its name in the report.
        collection: The collection's name.
        generation: The generation that was searched.
        metric: Its metric.
        model: The model that made its vectors, as the collection says; None where it does not.
        records: The number of its records.
        dim: Their dimension.
    """

    name: str
    collection: str
    generation: int
    metric: str
    model: str | None
    records: int
    dim: int


@dataclass(frozen=True, slots=True)
class SideQuality(Result):
    """Retrieval quality of one side by the labels; means over labelled queries.

    Attributes:
        side: The side.
        recall: Share of the relevant records that are among the k nearest.
        precision: Share of the k nearest that are relevant.
        mrr: Reciprocal rank of the first relevant record, 0 without one.
        ndcg: Discounted cumulative gain over that of the best possible order, by grades.
        found: Share of queries with a relevant record among the k nearest.
    """

    side: str
    recall: Interval
    precision: Interval
    mrr: Interval
    ndcg: Interval
    found: float


@dataclass(frozen=True, slots=True)
class SideFirst(Result):
    """The first record of a query on one side.

    Attributes:
        side: The side.
        id: The record's id; None without a hit.
        value: Its natural value under the side's metric.
        text: Its text from the payload, or None.
        grade: Its grade by the labels, 0 where it is not relevant; None without labels for the
            query.
    """

    side: str
    id: Id | None
    value: float
    text: str | None
    grade: float | None


@dataclass(frozen=True, slots=True)
class SideDisagreement(Result):
    """A query on which sides differ much.

    Attributes:
        query: Its number, from 0.
        text: Its text, if texts were given.
        overlap: The mean overlap of its k nearest over all pairs of sides.
        firsts: The first record of each side.
    """

    query: int
    text: str | None
    overlap: float
    firsts: tuple[SideFirst, ...]


@dataclass(frozen=True, slots=True)
class CollectionComparison(Result):
    """A comparison of several collections, or generations, on the same queries.

    Attributes:
        sides: What was compared.
        queries: The number of queries.
        labelled: The number of queries with labels.
        unknown: The number of labels without a record, for each side; empty without labels.
        k: The number of compared hits of each query.
        agreements: Each pair of sides.
        quality: Retrieval quality of each side; empty without labels.
        best: The side with the highest nDCG; None without labels.
        differences: The best one against the others.
        findings: Conclusions, in plain words.
        disagreements: The queries on which the sides differ most, most first.
        seed: Seed of the bootstrap.
        resamples: The number of resamples; intervals hold the middle 95 % of them.
    """

    sides: tuple[SideSummary, ...]
    queries: int
    labelled: int
    unknown: tuple[int, ...]
    k: int
    agreements: tuple[Agreement, ...]
    quality: tuple[SideQuality, ...]
    best: str | None
    differences: tuple[Difference, ...]
    findings: tuple[str, ...]
    disagreements: tuple[SideDisagreement, ...]
    seed: int
    resamples: int
