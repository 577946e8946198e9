"""The dataclasses of a comparison of metrics."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.analysis.common.norms import Norms
from vdb.model.interval import Interval
from vdb.model.records import Id
from vdb.model.results import Result

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
    """Agreement of the rankings of two metrics, or of two collections, over all queries.

    Attributes:
        a: One metric, or side of the comparison.
        b: The other.
        overlap: The share of the k nearest that both have; mean, 0..1.
        tau: Kendall's tau-b of the records among the k nearest of either that both have, by their
            values under both; mean, -1..1. NaN if no query orders them.
        same_first: The share of queries for which both rank the same record first.
    """

    a: str
    b: str
    overlap: Interval
    tau: Interval
    same_first: float


@dataclass(frozen=True, slots=True)
class Quality(Result):
    """Retrieval quality of one metric by the labels; means over labelled queries.

    Attributes:
        metric: The metric.
        recall: Share of the relevant records that are among the k nearest.
        precision: Share of the k nearest that are relevant.
        mrr: Reciprocal rank of the first relevant record, 0 without one.
        ndcg: Discounted cumulative gain over that of the best possible order.
        found: Share of queries with a relevant record among the k nearest.
    """

    metric: str
    recall: Interval
    precision: Interval
    mrr: Interval
    ndcg: Interval
    found: float


@dataclass(frozen=True, slots=True)
class Difference(Result):
    """The best nDCG minus another's, over the same queries.

    Attributes:
        best: The metric, or side of the comparison, with the highest nDCG.
        other: The other one.
        ndcg: The mean difference; it is more than chance if the interval excludes 0.
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
    """The first record of a query under one metric.

    Attributes:
        metric: The metric.
        id: The record's id; None without a hit.
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
        text: Its text, if texts were given.
        overlap: The mean overlap of its k nearest over all pairs of metrics.
        firsts: The first record under each metric.
    """

    query: int
    text: str | None
    overlap: float
    firsts: tuple[First, ...]


@dataclass(frozen=True, slots=True)
class MetricComparison(Result):
    """A comparison of several metrics on the same vectors.

    Attributes:
        collection: The collection's name.
        metric: Its present metric.
        records: The number of its records.
        dim: Their dimension.
        queries: The number of queries.
        labelled: The number of queries with labels.
        unknown: The number of labels without a record in the collection.
        k: The number of compared hits of each query.
        metrics: The compared metrics, in the order of the arguments.
        norms: Lengths of the stored vectors.
        query_norms: Lengths of the queries.
        hit_norms: Mean length of the k nearest, for each of the metrics.
        agreements: Each pair of metrics.
        quality: Retrieval quality of each metric; empty without labels.
        best: The metric with the highest nDCG; None without labels.
        differences: The best one against the others.
        findings: Conclusions, in plain words.
        disagreements: The queries on which metrics differ most, most first.
        seed: Seed of the bootstrap.
        resamples: The number of resamples; intervals hold the middle 95 % of them.
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
