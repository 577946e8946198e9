"""Queries that are zero where the metric has no value for them.

Natively they are refused. Under a convention the answer is what its engine gives: an error,
nothing, or every record with the same score, that of the similarity the engine takes (0 mostly) or
NaN; of those, the first by id.
"""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.errors import InvalidVectorError
from vdb.index import FilterSet
from vdb.index.types import Reader, View
from vdb.model import inputs
from vdb.model.dtypes import DType
from vdb.model.metrics import Metric
from vdb.query.equal_records import smallest_of_all, smallest_of_ties
from vdb.query.scoring import Ranking, Scoring, by_query, joined
from vdb.scores.table import Convention

__all__ = ["Queries", "checked_queries", "refuse_zero", "with_zero_queries"]


class Queries(NamedTuple):
    """Checked queries.

    Attributes:
        matrix: To search with, (n, dim), as `inputs` makes it.
        zero: The rows of it that stand in for zero queries, rising.
    """

    matrix: NDArray[Any]
    zero: NDArray[np.intp]


_NONE = np.empty(0, dtype=np.intp)


def checked_queries(
    vectors: ArrayLike,
    *,
    dim: int,
    metric: Metric,
    dtype: DType,
    convention: Convention,
    one: bool,
) -> Queries:
    """One query, shape (dim,), or several, (n, dim), as far as metric and engine accept them.

    Raises:
        InvalidVectorError: NaN, infinity, overflow; zero where the engine, or natively the metric,
            refuses it: the message says whose rule it is.
        And what `inputs` raises.
    """
    parse = inputs.query_row if one else inputs.query_matrix
    refused = convention.zero.query == "refused"
    try:
        matrix = parse(vectors, dim=dim, metric=metric, dtype=dtype)
    except InvalidVectorError as error:
        if error.received != 0.0 or convention.name == "native":
            raise
        if refused:
            _refuse(f"{error.message} ({_rule_of(convention)})", error.row)
        if metric.shortest == 0:  # it is refused for another reason
            raise
        return _standing_in(vectors, _Parser(dim, metric, dtype, one))
    refuse_zero(matrix, convention, "q" if one else "Q", one=one)
    return Queries(matrix, _NONE)


def refuse_zero(
    matrix: NDArray[Any], convention: Convention, name: str, *, one: bool = False
) -> None:
    """Raise InvalidVectorError where a query, (n, dim), is zero and the engine refuses that."""
    if convention.zero.query != "refused" or convention.name == "native":
        return
    if not matrix.any(axis=1).all():
        row = int(np.flatnonzero(~matrix.any(axis=1))[0])
        who = name if one else f"{name}[{row}]"
        _refuse(f"{who} is zero, which the convention refuses ({_rule_of(convention)})", row)


def _standing_in(vectors: ArrayLike, parse: _Parser) -> Queries:
    """Queries some of which are zero, with others in their place."""
    matrix = parse._replace(metric=parse.metric._replace(shortest=0.0))(vectors).copy()
    zero = np.flatnonzero(~matrix.any(axis=1))
    matrix[zero] = 1
    # Vectors that are too short, and yet not zero, are refused all the same.
    return Queries(parse(matrix[0] if parse.one else matrix), zero)


def _rule_of(convention: Convention) -> str:
    return f"{convention.name}: {convention.zero_vectors}"


def _refuse(message: str, row: int | None) -> NoReturn:
    raise InvalidVectorError(message, row=row, expected="a vector that is not zero", received=0.0)


class _Parser(NamedTuple):
    """Parses queries for a collection."""

    dim: int
    metric: Metric
    dtype: DType
    one: bool

    def __call__(self, vectors: ArrayLike) -> NDArray[Any]:
        parse = inputs.query_row if self.one else inputs.query_matrix
        return parse(vectors, dim=self.dim, metric=self.metric, dtype=self.dtype)


def with_zero_queries(
    reader: Reader,
    view: View,
    ranking: Ranking,
    zero: NDArray[np.intp],
    *,
    k: int | None,
    scoring: Scoring,
    filter_set: FilterSet | None,
) -> Ranking:
    """The ranking with the answers of zero queries in the place of what stood in for them.

    To the engine all records are equally near such a query: the smallest ids come first.
    """
    if filter_set is None:
        by_id = smallest_of_all(reader, view, k)
    else:
        count = filter_set.count if k is None else k
        by_id = smallest_of_ties(reader, view, filter_set.slots.astype(np.uint32), count)
    answer = _zero_ranking(by_id, k, scoring, view.header.dim)
    parts = list(by_query(ranking))
    for query in zero.tolist():
        parts[query] = answer
    return joined(parts, ranking.stats)


def _zero_ranking(by_id: NDArray[np.uint32], k: int | None, scoring: Scoring, dim: int) -> Ranking:
    """The hits of a zero query, from slots in the order of their ids."""
    convention, threshold = scoring
    number = convention.zero.counts_as
    slots = by_id if number is not None else by_id[:0]
    values = np.full(len(slots), number, dtype=np.float64)
    scores = convention.scored(values, dim)
    if threshold is not None:
        inside = convention.admits(scores, values, threshold, dim=dim)
        slots, values, scores = slots[inside], values[inside], scores[inside]
    slots, values, scores = slots[:k], values[:k], scores[:k]
    return Ranking(slots, values, scores, np.array([len(slots)], dtype=np.intp))
