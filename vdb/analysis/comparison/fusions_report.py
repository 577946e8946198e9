"""The dataclasses of a comparison of fusions."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.analysis.comparison.report import Agreement, Difference
from vdb.analysis.comparison.sides_report import SideDisagreement, SideQuality
from vdb.model.interval import Interval
from vdb.model.results import Result

__all__ = ["FusionComparison", "FusionGain", "QueryGain", "RankingSummary", "TunedWeights"]


@dataclass(frozen=True, slots=True)
class RankingSummary(Result):
    """A compared ranking.

    Attributes:
        name: Its name in the report.
        fusion: The fusion; "" for one list alone.
        weights: The weights of text and vector, where they were set; else the engine's hold.
        window: The number of hits of each list that enter.
        text_scores: The convention of the list by words; "" without it.
        vector_scores: The convention of the list by vector; "" without it.
    """

    name: str
    fusion: str
    weights: tuple[float, ...] | None
    window: int
    text_scores: str
    vector_scores: str


@dataclass(frozen=True, slots=True)
class FusionGain(Result):
    """The nDCG of a fusion minus that of one list alone, over the same labelled queries.

    Attributes:
        fusion: The ranking.
        part: "text" or "vector".
        ndcg: The mean difference; more than chance where the interval excludes 0.
        better: The number of queries that the fusion answers better.
        worse: The number that it answers worse.
        equal: The number with the same nDCG.
    """

    fusion: str
    part: str
    ndcg: Interval
    better: int
    worse: int
    equal: int

    @property
    def certain(self) -> bool:
        """Whether the interval excludes 0."""
        return self.ndcg.low > 0 or self.ndcg.high < 0


@dataclass(frozen=True, slots=True)
class TunedWeights(Result):
    """Weights of a fusion that were chosen on one half of the labelled queries.

    All figures are of the other half, the held one, which had no part in the choice.

    Attributes:
        fusion: The ranking.
        weights: The weights of text and vector with the highest nDCG on the first half.
        tuned_on: The number of queries in the first half.
        held: The number of queries in the other.
        ndcg: nDCG with these weights.
        before: nDCG with the engine's own.
        gain: The first minus the second; more than chance where the interval excludes 0.
        over_text: nDCG with these weights minus that of the list by words alone.
        over_vector: The same for the list by vector alone.
    """

    fusion: str
    weights: tuple[float, float]
    tuned_on: int
    held: int
    ndcg: Interval
    before: Interval
    gain: Interval
    over_text: Interval
    over_vector: Interval


@dataclass(frozen=True, slots=True)
class QueryGain(Result):
    """A query that a fusion answers otherwise than the better one of its lists alone.

    Attributes:
        query: Its number, from 0.
        text: Its text.
        fusion: The ranking.
        ndcg: Its nDCG.
        text_ndcg: That of the list by words.
        vector_ndcg: That of the list by vector.
    """

    query: int
    text: str
    fusion: str
    ndcg: float
    text_ndcg: float
    vector_ndcg: float


@dataclass(frozen=True, slots=True)
class FusionComparison(Result):
    """A comparison of fusions with each other and with their lists alone.

    Attributes:
        collection: The collection's name.
        metric: Its metric.
        records: The number of its records.
        queries: The number of queries.
        labelled: The number of queries with labels.
        unknown: The number of labels without a record in the collection.
        k: The number of compared hits of each query.
        rankings: What was compared; "text" and "vector" come first.
        agreements: Each pair of rankings.
        quality: Retrieval quality of each, `side` is its name; empty without labels.
        best: The ranking with the highest nDCG; None without labels.
        differences: The best one against the others.
        gains: Each fusion against each list alone; empty without labels.
        tuned: Weights chosen on half of the queries; empty where none can be.
        gained: Queries that the best fusion answers better than both lists, most first.
        lost: Queries that it answers worse than the better one of them, most first.
        findings: Conclusions, in plain words.
        disagreements: The queries on which rankings differ most, most first.
        seed: Seed of the bootstrap and of the halves.
        resamples: The number of resamples; intervals hold the middle 95 % of them.
    """

    collection: str
    metric: str
    records: int
    queries: int
    labelled: int
    unknown: int
    k: int
    rankings: tuple[RankingSummary, ...]
    agreements: tuple[Agreement, ...]
    quality: tuple[SideQuality, ...]
    best: str | None
    differences: tuple[Difference, ...]
    gains: tuple[FusionGain, ...]
    tuned: tuple[TunedWeights, ...]
    gained: tuple[QueryGain, ...]
    lost: tuple[QueryGain, ...]
    findings: tuple[str, ...]
    disagreements: tuple[SideDisagreement, ...]
    seed: int
    resamples: int
