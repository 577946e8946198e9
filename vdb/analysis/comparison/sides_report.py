"""The dataclasses of a comparison of collections."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.analysis.comparison.report import Agreement, Difference, Disagreement, First, Quality
from vdb.model.results import Result

__all__ = [
    "CollectionComparison",
    "SideFirst",
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
class SideFirst(First):
    """The first record of a query on one side.

    Attributes:
        grade: Its grade by the labels, 0 where it is not relevant; None without labels for the
            query.
    """

    grade: float | None


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
    quality: tuple[Quality, ...]
    best: str | None
    differences: tuple[Difference, ...]
    findings: tuple[str, ...]
    disagreements: tuple[Disagreement[SideFirst], ...]
    seed: int
    resamples: int
