"""How the scores of all records lie for one query, so that a threshold can be chosen by eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdb import index, query
from vdb.analysis.common.histogram import histogram
from vdb.api.collection_reader import CollectionReader
from vdb.explorer.sides import Question, Side, at_generation, values_of_all
from vdb.scores.conversion import score
from vdb.scores.table import convention_named

__all__ = ["ScoreHistogram", "score_histogram"]

BINS = 160
_STEPS = 400
"""Scores with their ranks, closer together where scores are near."""


@dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """The scores of all records that pass a filter.

    Attributes:
        metric: The metric.
        convention: The convention.
        direction: Which scores are nearer.
        records: How many have a score.
        edges: The edges of the bins, rising, one more than bins.
        counts: Records in each bin.
        ranks: Ranks from 1 on, rising.
        rank_scores: The score at each of these ranks, nearest first: a threshold there leaves so
            many records.
    """

    metric: str
    convention: str
    direction: str
    records: int
    edges: list[float]
    counts: list[int]
    ranks: list[int]
    rank_scores: list[float]


def score_histogram(collection: CollectionReader, question: Question, side: Side) -> ScoreHistogram:
    """Of one query, by a comparison of every record.

    Raises:
        InvalidArgumentError, InvalidVectorError: The query or the side is not valid.
        InvalidFilterError: The filter is not.
    """
    with at_generation(collection, side.generation) as (reader, view):
        header = view.header
        metric = side.metric or header.metric
        name = side.convention or (header.scores if metric == header.metric else "native")
        convention = convention_named(name, metric, dtype=header.dtype)
        if metric == header.metric:
            scores = _own_scores(reader, view, question, name)
        else:
            _, values = values_of_all(reader, view, question, metric)
            dim = header.dim or None
            made = score(values, metric=metric, convention=name, dim=dim, dtype=header.dtype)
            scores = np.asarray(made, np.float64)
    scores = np.sort(scores)
    scores = scores[np.isfinite(scores)]
    nearest_first = scores[::-1] if convention.direction == "higher" else scores
    counts, edges = histogram(scores, BINS) if len(scores) else (np.zeros(0), np.zeros(0))
    ranks = _ranks(len(scores))
    return ScoreHistogram(
        metric,
        convention.name,
        convention.direction,
        len(scores),
        edges.tolist(),
        counts.astype(int).tolist(),
        ranks.tolist(),
        nearest_first[ranks - 1].tolist(),
    )


def _own_scores(
    reader: index.Reader, view: index.View, question: Question, convention: str
) -> NDArray[np.float64]:
    """The scores of all records as a search gives them.

    Some engines add in an order of their own, and a threshold must leave as many records as the
    slider says.
    """
    count = view.header.vector_count
    if not count:
        return np.empty(0)
    request = query.SearchRequest(
        count, where=question.where, exact=True, scores=convention, with_payloads=False
    )
    return np.asarray(query.search(reader, view, question.q, request).scores, np.float64)


def _ranks(count: int) -> NDArray[np.intp]:
    if not count:
        return np.empty(0, np.intp)
    return np.unique(np.geomspace(1, count, min(_STEPS, count)).round().astype(np.intp))
