"""What a comparison of metrics says: dataclasses, and how each reads."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.analysis.common.norms import Norms
from vdb.model.records import Id
from vdb.model.results import Interval, Result

__all__ = [
    "Agreement",
    "Difference",
    "Disagreement",
    "First",
    "MetricComparison",
    "Quality",
]


@dataclass(frozen=True, slots=True)
class Agreement(Result):
    """How alike two metrics rank, over all queries.

    Attributes:
        a: One metric.
        b: The other.
        overlap: The part of the k nearest that both have; mean, 0..1.
        tau: Kendall's tau-b of the records that either has among its k nearest, by their values
            under both; mean, -1..1. NaN where no query orders them.
        same_first: The part of the queries for which both rank the same record first.
    """

    a: str
    b: str
    overlap: Interval
    tau: Interval
    same_first: float


@dataclass(frozen=True, slots=True)
class Quality(Result):
    """How well one metric retrieves what the labels call relevant; means over labelled queries.

    Attributes:
        metric: The metric.
        recall: Part of the relevant records that are among the k nearest.
        precision: Part of the k nearest that are relevant.
        mrr: Reciprocal place of the first relevant one, 0 where there is none.
        ndcg: Discounted gain over the best possible.
        found: Part of the queries with a relevant record among the k nearest.
    """

    metric: str
    recall: Interval
    precision: Interval
    mrr: Interval
    ndcg: Interval
    found: float


@dataclass(frozen=True, slots=True)
class Difference(Result):
    """The best metric's nDCG minus another's, over the same queries.

    Attributes:
        best: The metric with the highest nDCG.
        other: The other one.
        ndcg: The mean difference; metrics can be told apart where the interval excludes 0.
    """

    best: str
    other: str
    ndcg: Interval

    @property
    def certain(self) -> bool:
        """Whether the interval excludes 0."""
        return self.ndcg.low > 0


@dataclass(frozen=True, slots=True)
class First(Result):
    """What one metric ranks first for a query.

    Attributes:
        metric: The metric.
        id: The record's id; None where nothing was found.
        value: Its natural value.
        norm: The length of its vector.
        text: Its text from the payload, or None.
        relevant: Whether the labels call it relevant; None without labels for the query.
    """

    metric: str
    id: Id | None
    value: float
    norm: float
    text: str | None
    relevant: bool | None


@dataclass(frozen=True, slots=True)
class Disagreement(Result):
    """A query on which metrics differ much.

    Attributes:
        query: Its number, from 0.
        text: What it says, when texts were given.
        overlap: The mean overlap of its k nearest over all pairs of metrics.
        firsts: What each metric ranks first.
    """

    query: int
    text: str | None
    overlap: float
    firsts: tuple[First, ...]


@dataclass(frozen=True, slots=True)
class MetricComparison(Result):
    """What changes when the same vectors are searched under other metrics.

    Attributes:
        collection: The collection's name.
        metric: The metric it has now.
        records: How many records it has.
        dim: Their dimension.
        queries: How many queries were asked.
        labelled: How many of them had labels.
        unknown: How many labels name no record of the collection.
        k: How many hits of each query were looked at.
        metrics: What was compared, in the order that was asked for.
        norms: Lengths of the stored vectors.
        query_norms: Lengths of the queries.
        hit_norms: Mean length of the k nearest, for each of the metrics.
        agreements: Each pair of metrics.
        quality: Each metric's retrieval; empty without labels.
        best: The metric with the highest nDCG; None without labels.
        differences: The best one against the others.
        findings: What follows, in plain words.
        disagreements: The queries on which metrics differ most, most first.
        seed: Seed of the bootstrap.
        resamples: How many resamples it took; intervals hold the middle 95 % of them.
    """

    collection: str
    metric: str
    records: int
    dim: int
    queries: int
    labelled: int
    unknown: int
    k: int
    metrics: tuple[str, ...]
    norms: Norms
    query_norms: Norms
    hit_norms: tuple[float, ...]
    agreements: tuple[Agreement, ...]
    quality: tuple[Quality, ...]
    best: str | None
    differences: tuple[Difference, ...]
    findings: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]
    seed: int
    resamples: int
