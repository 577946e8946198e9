"""From a query to hits; `_search` is the whole way, top to bottom.

Every function takes a reader (a snapshot, or the batch of the calling thread) and the view of one
collection in it, and sees that one moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import index
from vdb.index import Neighbors, SearchParameters
from vdb.index.types import Reader, View
from vdb.model import arguments, config
from vdb.model.dtypes import DTYPES
from vdb.model.hits import Hits, HitsDescription, ManyHits
from vdb.model.metrics import METRICS, Metric
from vdb.model.records import Ids
from vdb.query.hit_order import ids_in_order, order_by_id
from vdb.query.id_cache import ids_at
from vdb.query.nearest import matches, nearest, settled, with_spare
from vdb.query.record_layout import record_layout
from vdb.query.score_convention import convention_of
from vdb.query.scoring import Ranking, Scoring, empty_ranking, rank
from vdb.query.zero_queries import checked_queries, with_zero_queries
from vdb.store import CacheSlot, CollectionView
from vdb.store.format.payloads import Payloads

__all__ = [
    "CheckedRequest",
    "QuerySearch",
    "SearchRequest",
    "checked_request",
    "search",
    "search_many",
    "settled_hits",
]

_MOST_REQUESTS = 64


class SearchRequest(NamedTuple):
    """The arguments of a search besides the query, unchecked; see `Collection.search`."""

    k: int | None = 10
    ef: int | None = None
    where: object = None
    exact: bool = False
    scores: str | None = None
    threshold: float | None = None
    with_payloads: bool = True
    with_vectors: bool = False
    target_recall: float | None = None


QuerySearch: TypeAlias = Callable[[SearchRequest], Hits]
"""The search of one query at one moment: from a request to hits."""


def search(reader: Reader, view: View, q: ArrayLike, request: SearchRequest) -> Hits:
    """The hits of one query of shape (dim,)."""
    return _search(reader, view, q, request, threads=1, one=True)[0]


def search_many(
    reader: Reader,
    view: View,
    Q: ArrayLike,
    request: SearchRequest,
    *,
    threads: int | None,
    offset: object = 0,
) -> ManyHits:
    """The hits of several queries, shape (n, dim), on several threads.

    Of each query those from place `offset` on; k of them.
    """
    threads = config.thread_count(threads)
    start = arguments.whole("offset", offset, 0, config.LIMITS.slots)
    if start and request.k is not None:
        k = arguments.whole("k", request.k, 1, config.LIMITS.slots)
        request = request._replace(k=min(k + start, config.LIMITS.slots))
    hits, counts = _search(reader, view, Q, request, threads=threads, one=False)
    if start:
        place = np.arange(len(hits)) - np.repeat(np.cumsum(counts) - counts, counts)
        hits, counts = hits.take(np.flatnonzero(place >= start)), np.maximum(counts - start, 0)
    return ManyHits(hits, np.concatenate(([0], np.cumsum(counts))))


def _search(
    reader: Reader,
    view: View,
    vectors: ArrayLike,
    request: SearchRequest,
    *,
    threads: int,
    one: bool,
) -> tuple[Hits, NDArray[np.intp]]:
    """The hits of all queries, one query after the other, and how many each query has."""
    # The request is checked, and its filter becomes a set of slots.
    checked = checked_request(view, request, threads)
    if request.where is not None:
        checked = _filtered(reader, view, checked, request.where)
    metric, scoring, k, params = checked[:4]
    convention, threshold = scoring
    # The queries become a matrix that metric, dtype and convention accept.
    matrix, zero = checked_queries(
        vectors,
        dim=view.header.dim,
        metric=metric,
        dtype=DTYPES[view.header.dtype],
        convention=convention,
        one=one,
    )
    # The index finds slots and natural values; these become scores, and the threshold cuts.
    candidates = matches(view, params)
    if not len(matrix) or not candidates:
        ranking = empty_ranking(scoring, len(matrix), view.header.dim or 1)
    elif k is None:
        from vdb.query.range_search import range_search

        ranking = range_search(reader, view, matrix, scoring, params)
    elif threshold is not None:
        from vdb.query.nearest_above_threshold import nearest_within

        ranking = nearest_within(reader, view, matrix, k, scoring=scoring, params=params)
    else:
        neighbors = nearest(reader, view, matrix, k, params)
        ranking = rank(reader, view, matrix, neighbors, scoring)
    if zero.size and candidates:
        ranking = with_zero_queries(
            reader, view, ranking, zero, k=k, scoring=scoring, filter_set=params.filter_set
        )
    return _hits(reader, view, checked, ranking), ranking.counts


def settled_hits(
    reader: Reader, view: View, q: ArrayLike, checked: CheckedRequest, neighbors: Neighbors
) -> Hits:
    """The hits of one query whose neighbours the index has found, with neither filter nor bound.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        q: The query, shape (dim,), which is not zero where metric or engine refuse that.
        checked: The request.
        neighbors: Those of `index.search` with the parameters of the request.
    """
    metric, scoring, k, params = checked[:4]
    assert k is not None  # noqa: S101 - for mypy: without a bound there is k
    matrix = checked_queries(
        q,
        dim=view.header.dim,
        metric=metric,
        dtype=DTYPES[view.header.dtype],
        convention=scoring.convention,
        one=True,
    ).matrix
    nearest_k = settled(reader, view, matrix, k, params=params, neighbors=neighbors)
    ranking = rank(reader, view, matrix, nearest_k, scoring)
    return _hits(reader, view, checked, ranking)


def _hits(reader: Reader, view: View, checked: CheckedRequest, ranking: Ranking) -> Hits:
    """Ids and payloads are read, and equal hits are put in the order of their ids."""
    slots, values, scores, counts, stats = ranking
    filter_set = checked.params.filter_set
    ids: Ids
    payloads: Payloads | None
    if checked.with_payloads:
        ids, payloads = reader.encoded(view, slots)
    else:
        ids, payloads = ids_at(reader, view, slots), None
    order = order_by_id(ids, values, counts, scores)
    if order is not None:
        slots, values, scores = slots[order], values[order], scores[order]
        ids = ids_in_order(ids, order)
        payloads = None if payloads is None else payloads.take(order.tolist())
    description = checked.description
    if filter_set is not None:
        description = description._replace(plan=index.filtered_plan(filter_set, stats))
    vectors = index.stored_vectors(reader, view, slots) if checked.with_vectors else None
    return Hits(ids, values, scores, description, payloads, vectors=vectors)


class CheckedRequest(NamedTuple):
    """A request that was checked; of a view, the same for every search with equal arguments.

    With a filter, k and params are not complete before `_filtered`.
    """

    metric: Metric
    scoring: Scoring
    k: int | None
    params: SearchParameters
    with_payloads: bool
    with_vectors: bool
    description: HitsDescription  # with the plan of a search without a filter


_REQUESTS = CacheSlot[dict[Any, CheckedRequest]]("checked requests of searches")


def checked_request(view: View, request: SearchRequest, threads: int) -> CheckedRequest:
    """The request, checked but for its filter; cached for the next search that is asked the same.

    Raises:
        InvalidArgumentError: An argument is out of range.
        ArgumentTypeError: An argument is of a type that is not accepted.
    """
    if request.where is not None:
        request = request._replace(where=True)
    if not isinstance(view, CollectionView):
        return _check(view, request, threads)
    # 1, 1.0 and True are equal, and yet not all of them are accepted.
    key = (request, threads, tuple(map(type, request)))
    requests = view.cache.setdefault(_REQUESTS, {})
    try:
        checked = requests.get(key)
    except Exception:  # noqa: BLE001 - something that cannot be a key, nor an argument
        return _check(view, request, threads)
    if checked is None:
        checked = _check(view, request, threads)
        if len(requests) >= _MOST_REQUESTS:
            requests.clear()
        requests[key] = checked
    return checked


def _check(view: View, request: SearchRequest, threads: int) -> CheckedRequest:
    k, ef, where, exact, scores, threshold, with_payloads, with_vectors, target = request
    header = view.header
    convention = convention_of(header, scores)
    bound = None if threshold is None else arguments.number("threshold", threshold)
    if bound is not None:
        convention.check_threshold(bound)
    chosen = arguments.truth("exact", exact) or not view.links
    small = ef is None and target is None and where is None and index.is_small(view)
    scans = chosen or small
    hits = config.neighbors(k, threshold)
    width = index.search_ef(view, k, config.search_width(ef), target)
    params = SearchParameters(
        k=0, ef=index.DEFAULT_EF if width is None else width, exact=scans, threads=threads
    )
    if hits is not None and where is None:
        hits = min(hits, header.vector_count)
        params = with_spare(view, hits, params)
    description = HitsDescription(
        header.metric,
        convention.name,
        convention.direction,
        record_layout(view),
        index.unfiltered_plan(exact=scans, chosen=chosen, unlinked=index.has_no_links(view)),
        header.generation,
    )
    return CheckedRequest(
        metric=METRICS[header.metric],
        scoring=Scoring(convention, bound),
        k=hits,
        params=params,
        with_payloads=arguments.truth("with_payloads", with_payloads),
        with_vectors=arguments.truth("with_vectors", with_vectors),
        description=description,
    )


def _filtered(reader: Reader, view: View, checked: CheckedRequest, where: object) -> CheckedRequest:
    """The same request, for the records that pass the filter."""
    from vdb.query.filter_match import matching

    filter_set = matching(reader, view, where).with_vectors(reader, view)
    k, params = checked.k, checked.params._replace(filter_set=filter_set)
    if k is not None:
        k = min(k, matches(view, params))
        params = with_spare(view, k, params)
    return checked._replace(k=k, params=params)
