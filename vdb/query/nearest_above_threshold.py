"""The k nearest of those that a threshold admits: k of them wherever k are admitted.

The k nearest by value are judged first; mostly all are admitted, or it is plain that nothing behind
them can be. Else more candidates are judged, by rising distance. There are two reasons for that:

- An engine may judge by a number of its own. Then records that it keeps out lie among the nearest,
  and others that it admits lie behind them, as far as the number can be from the value.
- A walk may have missed some. Where it met fewer than k that are admitted, it is made as wide as
  that of a range search, which goes far beyond the threshold before it ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.index import Neighbors, SearchParameters, SearchStats
from vdb.index.types import Reader, View
from vdb.query import range_search
from vdb.query.id_cache import by_id
from vdb.query.nearest import matches, nearest
from vdb.query.scoring import (
    Ranking,
    Scoring,
    by_query,
    by_score,
    could_pass,
    joined,
    max_length_product,
    rank_by_value,
)

__all__ = ["nearest_within"]

_FACTOR = 4  # by which the number of candidates grows


def nearest_within(
    reader: Reader,
    view: View,
    matrix: NDArray[Any],
    k: int,
    *,
    scoring: Scoring,
    params: SearchParameters,
) -> Ranking:
    """The k nearest by value of those that the threshold admits, in the order of their scores.

    Fewer only where fewer are admitted, as far as the walk tells; of equal values that k cuts
    apart the smallest ids.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        matrix: The queries, C-contiguous, (n, dim), n at least 1, already checked.
        k: Hits of each query, at most as many as there are to be found.
        scoring: The convention and the threshold.
        params: Those of `nearest.with_spare` for k.
    """
    near = nearest(reader, view, matrix, k, params)
    ranking = rank_by_value(reader, view, matrix, near, scoring)
    short = np.flatnonzero(ranking.counts < near.counts)
    if short.size:
        wider = _WiderSearch(reader, view, matrix, k, scoring, params, near.stats)
        if view.links and not params.exact and (near.stats is None or not near.stats.scans):
            wider.walk(short)
        else:
            wider.scan(short, _first_of(near, short, k))
        parts = enumerate(by_query(ranking))
        ranking = joined([wider.rankings.get(query, part) for query, part in parts], wider.stats)
    return by_score(ranking, scoring.convention)


@dataclass(slots=True)
class _WiderSearch:
    """Judges more and more candidates of those queries for which the k nearest were not enough.

    Attributes:
        rankings: By the number of the query: its k hits, by value.
        stats: What all searches did, those before included.
    """

    reader: Reader
    view: View
    matrix: NDArray[Any]
    k: int
    scoring: Scoring
    params: SearchParameters
    stats: SearchStats | None
    rankings: dict[int, Ranking] = field(default_factory=dict)

    @property
    def matches(self) -> int:
        """How many records there are to be found."""
        return matches(self.view, self.params)

    def walk(self, queries: NDArray[np.intp]) -> None:
        """Rank these queries by walks as wide as it takes, and by a scan where that costs less."""
        view, params, scoring = self.view, self.params, self.scoring
        rule = scoring.convention.from_vectors
        ordered = rule is None or rule.ordered
        width = max(_FACTOR * self.k, range_search.first_width(params))
        while queries.size and range_search.walks(view, width, params):
            wide = params._replace(k=width, ef=width)
            near = index.search(self.reader, view, self.matrix[queries], wide)
            self._count(near)
            ranking, done = self._judge(queries, near)
            if ordered:
                done |= range_search.far_beyond(near, ranking, scoring, view.header.dim)
            self._settle(queries, ranking, done)
            queries, width = queries[~done], _FACTOR * width
        exact = params._replace(exact=True)
        for some in range_search.chunks(queries, self.matches):
            near = nearest(self.reader, view, self.matrix[some], self.k, exact)
            self._count(near)
            self.scan(some, near)

    def scan(self, queries: NDArray[np.intp], near: Neighbors) -> None:
        """Rank these queries among all records; `near` are the k nearest of each."""
        k, params = self.k, self.params
        near = _first_of(near, np.arange(len(queries)), k)
        ranking, done = self._judge(queries, near)
        done |= self._nothing_behind(queries, near)
        self._settle(queries, ranking, done)
        for some in range_search.chunks(queries[~done], self.matches):
            every = range_search.all_by_value(self.reader, self.view, self.matrix[some], params)
            self._count(every)
            places, width = np.arange(len(some)), _FACTOR * k
            while places.size:
                near = _first_of(every, places, width)
                ranking, done = self._judge(some[places], near)
                done |= self._nothing_behind(some[places], near)
                self._settle(some[places], ranking, done)
                places, width = places[~done], _FACTOR * width

    def _judge(
        self, queries: NDArray[np.intp], near: Neighbors
    ) -> tuple[Ranking, NDArray[np.bool_]]:
        """The candidates that are admitted, by value, and for which queries there are enough.

        What is as far away as the k-th of them must be all there, for its ids to be compared.
        """
        ranking = rank_by_value(self.reader, self.view, self.matrix[queries], near, self.scoring)
        done = near.counts.astype(np.intp) >= self.matches
        starts, last = np.cumsum(ranking.counts) - ranking.counts, _last(near)
        enough = np.flatnonzero(ranking.counts >= self.k)
        done[enough] |= ranking.values[starts[enough] + self.k - 1] != last[enough]
        return ranking, done

    def _nothing_behind(self, queries: NDArray[np.intp], near: Neighbors) -> NDArray[np.bool_]:
        """For which queries no record behind these candidates, of all, can be admitted."""
        reader, view, scoring = self.reader, self.view, self.scoring
        lengths = max_length_product(reader, view, self.matrix[queries], scoring.convention)
        passing = could_pass(_last(near), lengths, scoring, view)
        return np.asarray(~passing | (near.counts == 0))

    def _settle(self, queries: NDArray[np.intp], ranking: Ranking, done: NDArray[np.bool_]) -> None:
        """Keep the first k entries of each query that is done."""
        parts = zip(queries.tolist(), by_query(ranking), done.tolist(), strict=True)
        for query, part, whole in parts:
            if whole:
                self.rankings[query] = self._first_k(part)

    def _first_k(self, ranking: Ranking) -> Ranking:
        """The k nearest of one query's entries; of equal values the smallest ids."""
        k, values = self.k, ranking.values
        if len(values) <= k:
            return ranking
        order = np.arange(len(values))
        if values[k] == values[k - 1]:
            tied = np.flatnonzero(values == values[k - 1])
            own = by_id(self.reader, self.view, ranking.slots[tied], values[tied])
            order[tied] = tied[own]
        return ranking.take(order[:k])._replace(counts=np.array([k], dtype=np.intp))

    def _count(self, near: Neighbors) -> None:
        self.stats = near.stats if self.stats is None else self.stats.then(near.stats)


def _first_of(near: Neighbors, queries: NDArray[np.intp], width: int) -> Neighbors:
    """The first candidates of some of the queries."""
    return Neighbors(
        near.slots[queries, :width],
        near.values[queries, :width],
        np.minimum(near.counts[queries], width),
    )


def _last(near: Neighbors) -> NDArray[np.float64]:
    """The value of each query's farthest candidate."""
    counts = near.counts.astype(np.intp)
    return np.asarray(near.values[np.arange(len(counts)), np.maximum(counts, 1) - 1])
