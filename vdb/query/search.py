"""The way out: from a query to hits.

A search, top to bottom:

1. the options are checked, and the score convention is looked up (`_plan`);
2. the query becomes a matrix of rows that metric, dtype and convention accept (`zero_queries`);
3. the index finds slots and natural values, best first (`nearest`); a range search widens its
   candidate list until the threshold is passed (`ranges.within`);
4. values become scores, and the threshold cuts, as the convention compares (`scoring.scored`); with
   both k and a threshold, candidates are judged until k are admitted (`passing`);
5. ids and payloads are read, equal rows are put in the order of their ids (`_hits`).

Every function takes a reader (a snapshot, or the batch of the calling thread) and the view of one
collection in it, and sees that one moment.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import index
from vdb.model import arguments, config
from vdb.model.dtypes import DTYPES
from vdb.model.hits import Hits, ManyHits
from vdb.model.metrics import METRICS, Metric
from vdb.model.records import Ids, Plan
from vdb.query import range_search, zero_queries
from vdb.query.convention import convention_of
from vdb.query.equal_records import smallest_of_all, smallest_of_ties
from vdb.query.filter_match import matching
from vdb.query.id_cache import ids_of
from vdb.query.nearest import nearest
from vdb.query.nearest_within import nearest_passing
from vdb.query.scoring import Reader, Rows, Scoring, View, by_query, joined, order_by_id, scored
from vdb.store import CacheSlot, CollectionView
from vdb.store.format.payloads import Payloads

__all__ = ["Options", "search", "search_many"]

_NO_SLOTS = np.empty(0, dtype=np.uint32)
_MOST_PLANS = 64
_NO_VALUES = np.empty(0, dtype=np.float64)


class Options(NamedTuple):
    """What a search is asked for besides query and k, as it was given; see `Collection.search`."""

    ef: int | None = None
    where: object = None
    exact: bool = False
    scores: str | None = None
    threshold: float | None = None
    with_payloads: bool = True
    with_vectors: bool = False
    target_recall: float | None = None


class _Plan(NamedTuple):
    """The checked options of a search; the same for all searches of a view that give the same."""

    metric: Metric
    scoring: Scoring
    k: int | None
    reach: range_search.Reach  # where it looks; with what the filter lets through
    with_payloads: bool
    with_vectors: bool
    said: Plan  # how a search goes about it that has no course of its own


_PLANS = CacheSlot[dict[Any, _Plan]]("checked options of searches")


def search(reader: Reader, view: View, q: ArrayLike, k: int | None, options: Options) -> Hits:
    """The hits of one query of shape (dim,)."""
    plan = _planned(reader, view, k, 1, options)
    queries = _queries(q, view, plan, one=True)
    return _hits(reader, view, _rows(reader, view, queries, plan), plan)


def search_many(
    reader: Reader,
    view: View,
    Q: ArrayLike,
    k: int | None,
    options: Options,
    *,
    threads: int | None,
) -> ManyHits:
    """The hits of several queries, shape (n, dim), on several threads."""
    plan = _planned(reader, view, k, config.thread_count(threads), options)
    rows = _rows(reader, view, _queries(Q, view, plan, one=False), plan)
    return ManyHits(_hits(reader, view, rows, plan), np.concatenate(([0], np.cumsum(rows.counts))))


# The steps of a search


def _planned(reader: Reader, view: View, k: int | None, threads: int, options: Options) -> _Plan:
    """The plan of one search."""
    where = options.where
    if where is None:
        return _kept_plan(view, k, threads, options, filtered=False)
    plan = _kept_plan(view, k, threads, options._replace(where=None), filtered=True)
    among = matching(reader, view, where)
    reach = plan.reach._replace(course=index.Course(among), matches=among.count)
    return plan._replace(reach=reach)


def _kept_plan(
    view: View, k: int | None, threads: int, options: Options, *, filtered: bool
) -> _Plan:
    """The plan but for the filter, kept in the view for the next search that asks the same."""
    if not isinstance(view, CollectionView):
        return _plan(view, k, threads, options, filtered=filtered)
    given = (k, threads, *options, filtered)
    # 1, 1.0 and True are equal, and yet not all of them are accepted.
    key = (given, tuple(map(type, given)))
    plans = view.cache.setdefault(_PLANS, {})
    try:
        known = plans.get(key)
    except Exception:  # noqa: BLE001 - something that cannot be a key, nor an option
        return _plan(view, k, threads, options, filtered=filtered)
    if known is None:
        known = _plan(view, k, threads, options, filtered=filtered)
        if len(plans) >= _MOST_PLANS:
            plans.clear()
        plans[key] = known
    return known


def _plan(view: View, k: int | None, threads: int, options: Options, *, filtered: bool) -> _Plan:
    ef, _, exact, scores, threshold, with_payloads, with_vectors, target = options
    header = view.header
    convention = convention_of(header, scores)
    bound = None if threshold is None else arguments.number("threshold", threshold)
    if bound is not None:
        convention.check_threshold(bound)
    chosen = arguments.truth("exact", exact) or not view.links
    small = ef is None and target is None and not filtered and index.few(view)
    exact = chosen or small
    return _Plan(
        metric=METRICS[header.metric],
        scoring=Scoring(convention, bound),
        k=config.neighbors(k, threshold),
        reach=range_search.Reach(
            ef=index.search_ef(view, k, config.search_width(ef), target),
            exact=exact,
            threads=threads,
            course=None,
            matches=header.count,
        ),
        with_payloads=arguments.truth("with_payloads", with_payloads),
        with_vectors=arguments.truth("with_vectors", with_vectors),
        said=index.unfiltered(exact=exact, chosen=chosen),
    )


def _queries(given: ArrayLike, view: View, plan: _Plan, *, one: bool) -> zero_queries.Queries:
    return zero_queries.checked(
        given,
        dim=view.header.dim,
        metric=plan.metric,
        dtype=DTYPES[view.header.dtype],
        convention=plan.scoring.convention,
        one=one,
    )


def _rows(reader: Reader, view: View, queries: zero_queries.Queries, plan: _Plan) -> Rows:
    """Slots, values and scores of each query, best first, cut at the threshold."""
    matrix = queries.matrix
    if plan.reach.matches == 0 or not len(matrix):
        scores = plan.scoring.convention.scored(_NO_VALUES, view.header.dim)
        return Rows(_NO_SLOTS, _NO_VALUES, scores, np.zeros(len(matrix), dtype=np.intp))
    if plan.k is None:
        rows = range_search.within(reader, view, matrix, plan.scoring, plan.reach)
    else:
        k = min(plan.k, plan.reach.matches)
        if plan.scoring.threshold is None:
            found = nearest(reader, view, matrix, k, plan.reach)
            rows = scored(reader, view, matrix, found, plan.scoring)
        else:
            rows = nearest_passing(reader, view, matrix, k, how=plan.scoring, reach=plan.reach)
    return _with_zero(reader, view, rows, queries, plan) if queries.zero.size else rows


def _with_zero(
    reader: Reader, view: View, rows: Rows, queries: zero_queries.Queries, plan: _Plan
) -> Rows:
    """The rows with those of zero queries in the place of what stood in for them."""
    # To the engine all records are equally near: the smallest ids come first.
    course, k = plan.reach.course, plan.k
    if course is None:
        slots = smallest_of_all(reader, view, k)
    else:
        among = course.among
        slots = smallest_of_ties(
            reader, view, among.slots.astype(np.uint32), among.count if k is None else k
        )
    answer = zero_queries.answered(slots, k, plan.scoring, view.header.dim)
    parts = list(by_query(rows))
    for query in queries.zero.tolist():
        parts[query] = answer
    return joined(parts)


def _hits(reader: Reader, view: View, rows: Rows, plan: _Plan) -> Hits:
    """Reads ids and payloads, and puts equal rows in the order of their ids."""
    slots, values, scores, counts = rows
    convention = plan.scoring.convention
    payloads: Payloads | None = None
    ids: Ids
    if plan.with_payloads:
        ids, payloads = reader.encoded(view, slots)
    else:
        ids = ids_of(reader, view, slots)
    order = order_by_id(ids, values, counts, scores)
    if order is not None:
        slots, values, scores = slots[order], values[order], scores[order]
        ids = _in_order(ids, order)
        payloads = None if payloads is None else payloads.take(order.tolist())
    return Hits(
        ids,
        values,
        scores,
        metric=plan.metric.name,
        convention=convention.name,
        direction=convention.direction,
        payloads=payloads,
        vectors=index.stored_vectors(reader, view, slots) if plan.with_vectors else None,
        plan=plan.said if plan.reach.course is None else plan.reach.course.plan(),
    )


def _in_order(ids: Ids, order: NDArray[np.intp]) -> Ids:
    """The ids in another order, in which few of them have another place."""
    if isinstance(ids, np.ndarray):
        return ids[order]
    moved = np.flatnonzero(order != np.arange(len(order)))
    ordered = ids.copy()
    for place, origin in zip(moved.tolist(), order[moved].tolist(), strict=True):
        ordered[place] = ids[origin]
    return ordered
