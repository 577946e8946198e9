"""What a calibration of a threshold says: dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vdb.model.records import Id
from vdb.model.results import Interval, Result

__all__ = ["Calibration", "Change", "Changes"]


@dataclass(frozen=True, slots=True)
class Change(Result):
    """A hit that one threshold lets in and the other does not.

    Attributes:
        query: The number of the query, from 0.
        query_text: What it says, when texts were given.
        id: The record.
        text: Its text from the payload, or None.
        value: Its natural value under the metric of the threshold that lets it in.
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
        hits: How many.
        relevant: How many of them are relevant; None without labels.
        examples: Some of them, the closest first.
    """

    hits: int
    relevant: int | None
    examples: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Calibration(Result):
    """A threshold, and the one that takes its place under another metric or convention.

    Attributes:
        collection: The collection's name.
        metric: The metric of the given threshold.
        scores: Its convention.
        threshold: The given threshold, in the unit of that convention.
        to_metric: The metric that it shall hold for.
        to_scores: Its convention.
        to_threshold: The threshold there, in the unit of that convention, and how far these queries
            let it be known (95 %).
        exact: Whether it was converted rather than measured: within one metric, by formula.
        keep: What was kept: "count" of hits or "precision"; None where nothing had to be measured.
        queries: How many queries were asked.
        hits: Hits that the given threshold lets in, over all queries.
        to_hits: Hits that the new one lets in.
        answered: Queries to which the given threshold leaves a hit.
        to_answered: The same of the new one.
        precision: Relevant hits / hits of labelled queries; None without labels.
        to_precision: The same of the new one.
        kept: Hits that both let in.
        let_in: Hits that only the new one lets in.
        let_out: Hits that only the given one lets in.
        findings: What follows, in plain words.
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
