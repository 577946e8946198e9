"""The dataclasses of a calibrated threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vdb.model.interval import Interval
from vdb.model.records import Id
from vdb.model.results import Result

__all__ = ["Calibration", "Change", "Changes"]


@dataclass(frozen=True, slots=True)
class Change(Result):
    """A hit that one threshold lets in and the other does not.

    Attributes:
        query: The number of the query, from 0.
        query_text: The text of the query, if texts were given.
        id: The record.
        text: Its text from the payload, or None.
        value: Its natural value under the metric of the threshold that lets it in; of a fusion
            its score.
        relevant: Whether the labels call it relevant; None without labels for the query.
    """

    query: int
    query_text: str | None
    id: Id
    text: str | None
    value: float
    relevant: bool | None


@dataclass(frozen=True, slots=True)
class Changes(Result):
    """Hits of all queries together, in one of three groups.

    Attributes:
        hits: The number of hits.
        relevant: The number of relevant ones; None without labels.
        examples: Some of them, the closest first.
    """

    hits: int
    relevant: int | None
    examples: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Calibration(Result):
    """A threshold, and its counterpart under another metric or convention.

    Attributes:
        collection: The collection's name.
        metric: The metric of the given threshold.
        scores: Its convention, or the fusion.
        threshold: The given threshold, in the unit of that convention.
        to_metric: The metric of the new threshold.
        to_scores: Its convention, or the fusion.
        to_threshold: The new threshold, in the unit of that convention, with its interval over
            queries (95 %).
        exact: Whether it was converted rather than measured: within one metric, by formula.
        keep: The kept quantity: "count" of hits or "precision"; None if nothing was measured.
        queries: The number of queries.
        hits: Hits within the given threshold, over all queries.
        to_hits: Hits within the new one.
        answered: Queries with a hit within the given threshold.
        to_answered: Queries with a hit within the new one.
        precision: Relevant hits / hits of labelled queries; None without labels.
        to_precision: The same for the new one.
        kept: Hits within both.
        let_in: Hits within the new one alone.
        let_out: Hits within the given one alone.
        findings: Conclusions, in plain words.
        seed: Seed of the bootstrap.
    """

    collection: str
    metric: str
    scores: str
    threshold: float
    to_metric: str
    to_scores: str
    to_threshold: Interval
    exact: bool
    keep: Literal["count", "precision"] | None
    queries: int
    hits: int
    to_hits: int
    answered: int
    to_answered: int
    precision: float | None
    to_precision: float | None
    kept: Changes
    let_in: Changes
    let_out: Changes
    findings: tuple[str, ...]
    seed: int

    @property
    def sides(self) -> tuple[str, str]:
        """The metrics of the given and the new threshold; of one metric the conventions."""
        if self.metric != self.to_metric:
            return self.metric, self.to_metric
        return self.scores, self.to_scores
