"""The way out: from a query to hits.

A search, top to bottom:

1. the options are checked, and the score convention is looked up (`_plan`);
2. the query becomes a float32 matrix that the metric accepts (`inputs`);
3. the index finds slots and natural values, best first (`index.search`); a range search widens its
   candidate list until the threshold is passed (`_within`);
4. the threshold cuts, as the convention compares (`_cut`);
5. ids and payloads are read, equal values are put in the order of their ids (`_hits`).

Every function takes a reader (a snapshot, or the batch of the calling thread) and the view of one
collection in it, and sees that one moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import arguments, config, index, inputs, matching
from vdb.hits import Hits, ManyHits
from vdb.metrics import METRICS, Metric
from vdb.records import Id, Payload
from vdb.scores.table import Convention, convention_named
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

__all__ = ["Options", "search", "search_many"]

Reader: TypeAlias = Snapshot | Batch
View: TypeAlias = CollectionView | WritableCollection

_NO_SLOTS = np.empty(0, dtype=np.uint32)
_NO_VALUES = np.empty(0, dtype=np.float64)

_FIRST_WIDTH = 512
# Exact range searches hold a value for every record and query: at most this many at a time.
_SCAN_CELLS = 4_000_000
# About 10 MB; a collection whose searches meet more is read anew now and then.
_MOST_KNOWN_IDS = 65_536


class Options(NamedTuple):
    """What a search is asked for besides query and k, as it was given; see `Collection.search`."""

    ef: int | None = None
    where: object = None
    exact: bool = False
    scores: str | None = None
    threshold: float | None = None
    with_payloads: bool = True
    with_vectors: bool = False


class _Rows(NamedTuple):
    """What all queries found, one after the other, each best first: columns of one length."""

    slots: NDArray[np.uint32]
    values: NDArray[np.float64]
    counts: NDArray[np.intp]  # how many entries each query has


class _Plan(NamedTuple):
    """The checked options of a search."""

    metric: Metric
    convention: Convention
    k: int | None
    ef: int | None
    exact: bool
    threshold: float | None
    with_payloads: bool
    with_vectors: bool
    threads: int
    among: index.Among | None  # what the filter lets through
    matches: int  # how many records there are to be found


def search(reader: Reader, view: View, q: ArrayLike, k: int | None, options: Options) -> Hits:
    """The hits of one query of shape (dim,)."""
    plan = _plan(reader, view, k, 1, options)
    matrix = inputs.query_matrix(q, dim=view.header.dim, metric=plan.metric)
    return _hits(reader, view, _rows(reader, view, matrix, plan), plan)


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
    plan = _plan(reader, view, k, config.thread_count(threads), options)
    matrix = inputs.vector_matrix(Q, dim=view.header.dim, metric=plan.metric, rows=None, name="Q")
    rows = _rows(reader, view, matrix, plan)
    return ManyHits(_hits(reader, view, rows, plan), np.concatenate(([0], np.cumsum(rows.counts))))


# The steps of a search


def _plan(reader: Reader, view: View, k: int | None, threads: int, options: Options) -> _Plan:
    ef, where, exact, scores, threshold, with_payloads, with_vectors = options
    header = view.header
    plan = _Plan(
        metric=METRICS[header.metric],
        convention=convention_named(
            header.scores if scores is None else scores, header.metric, argument="scores"
        ),
        k=config.neighbours(k, threshold),
        ef=config.search_width(ef),
        exact=arguments.truth("exact", exact),
        threshold=None if threshold is None else arguments.number("threshold", threshold),
        with_payloads=arguments.truth("with_payloads", with_payloads),
        with_vectors=arguments.truth("with_vectors", with_vectors),
        threads=threads,
        among=None,
        matches=header.count,
    )
    if where is None:
        return plan
    among = matching.matching(reader, view, where)
    return plan._replace(among=among, matches=among.count)


def _rows(reader: Reader, view: View, matrix: NDArray[np.float32], plan: _Plan) -> _Rows:
    """Slots and values of each query, best first, cut at the threshold."""
    if plan.matches == 0 or not len(matrix):
        return _Rows(_NO_SLOTS, _NO_VALUES, np.zeros(len(matrix), dtype=np.intp))
    if plan.k is None:
        return _within(reader, view, matrix, plan)
    return _cut(_nearest(reader, view, matrix, min(plan.k, plan.matches), plan), plan)


def _nearest(
    reader: Reader, view: View, matrix: NDArray[np.float32], k: int, plan: _Plan
) -> index.Found:
    """The k nearest of each query. Where equal values are cut apart, the smaller ids stay.

    One more than k is asked for to see whether that happens; of the queries to which it does, as
    many as it takes to have all that are equal.
    """
    count = plan.matches
    # A walk that would have to keep more than it may is no better than looking at everything.
    exact = plan.exact or k > config.LIMITS.ef
    ef = max(k, index.DEFAULT_EF if plan.ef is None else plan.ef)
    found = index.search(
        reader,
        view,
        matrix,
        min(k + 1, count),
        ef=ef,
        exact=exact,
        threads=plan.threads,
        among=plan.among,
    )
    if found.slots.shape[1] == k:
        return found
    slots, values = found.slots[:, :k], found.values[:, :k]
    cut_apart = (found.counts > k) & (found.values[:, k] == values[:, k - 1])
    for query in np.flatnonzero(cut_apart).tolist() if cut_apart.any() else ():
        width = 4 * k
        while True:
            width = min(width, count)
            wide = index.search(
                reader,
                view,
                matrix[query : query + 1],
                width,
                ef=max(ef, width),
                exact=exact or width > config.LIMITS.ef,
                threads=1,
                among=plan.among,
            )
            near = wide.values[0, : int(wide.counts[0])]
            if width == count or len(near) < width or near[-1] != near[k - 1]:
                break
            width *= 4
        among = np.arange(len(near)) < k
        among |= near == near[k - 1]
        chosen = wide.slots[0, : len(near)][among]
        order = _by_id(reader, view, chosen, near[among])[:k]
        slots[query], values[query] = chosen[order], near[among][order]
    return index.Found(slots, values, np.minimum(found.counts, k))


def _by_id(
    reader: Reader, view: View, slots: NDArray[np.uint32], values: NDArray[np.float64]
) -> list[int]:
    """The order of one query's entries, best first already, with equal values by id."""
    known = _known_ids(view)
    listed = slots.tolist()
    _learn(reader, view, listed, known)
    ids = [known[slot] for slot in listed]
    return _order(ids, values, np.array([len(ids)])) or list(range(len(ids)))


def _within(reader: Reader, view: View, matrix: NDArray[np.float32], plan: _Plan) -> _Rows:
    """Everything at least as close as the threshold, for each query.

    In a graph the candidate list doubles until at most an eighth of what it holds is within the
    threshold, so that the last hit is found about as surely as the first. Past a quarter of the
    collection an exact scan costs no more.
    """
    count = plan.matches
    found: dict[int, tuple[NDArray[np.uint32], NDArray[np.float64]]] = {}
    pending = np.arange(len(matrix))
    width = max(_FIRST_WIDTH, plan.ef or 0)
    graph = not plan.exact and view.generation.index["type"] != "flat"
    while graph and pending.size and 4 * width < count and width <= config.LIMITS.ef:
        rows = _cut(
            index.search(
                reader,
                view,
                matrix[pending],
                width,
                ef=width,
                exact=False,
                threads=plan.threads,
                among=plan.among,
            ),
            plan,
        )
        wide = 8 * rows.counts > width
        found.update(_by_query(pending, rows, ~wide))
        pending = pending[wide]
        width *= 2
    step = max(1, _SCAN_CELLS // count)
    for start in range(0, len(pending), step):
        chunk = pending[start : start + step]
        rows = _cut(
            index.search(
                reader,
                view,
                matrix[chunk],
                count,
                ef=None,
                exact=True,
                threads=plan.threads,
                among=plan.among,
            ),
            plan,
        )
        found.update(_by_query(chunk, rows, np.ones(len(chunk), dtype=bool)))
    columns = [found[query] for query in range(len(matrix))]
    slots, values = zip(*columns, strict=True)
    return _Rows(
        np.concatenate(slots),
        np.concatenate(values),
        np.array([len(row) for row in slots], dtype=np.intp),
    )


def _by_query(
    queries: NDArray[np.intp], rows: _Rows, wanted: NDArray[np.bool_]
) -> Iterator[tuple[int, tuple[NDArray[np.uint32], NDArray[np.float64]]]]:
    ends = np.cumsum(rows.counts)
    for place in np.flatnonzero(wanted).tolist():
        own = slice(ends[place] - rows.counts[place], ends[place])
        yield int(queries[place]), (rows.slots[own].copy(), rows.values[own].copy())


def _cut(found: index.Found, plan: _Plan) -> _Rows:
    """The real entries, without those that the threshold keeps out."""
    counts = found.counts.astype(np.intp)
    width = found.slots.shape[1]
    if plan.threshold is None and (counts == width).all():
        return _Rows(found.slots.ravel(), found.values.ravel(), counts)
    real = np.arange(width) < counts[:, None]
    if plan.threshold is not None:
        scores = plan.convention.from_value(found.values)
        # Entries that are not real hold NaN, which no comparison admits.
        real &= plan.convention.admits(scores, found.values, plan.threshold)
    return _Rows(found.slots[real], found.values[real], real.sum(axis=1))


def _hits(reader: Reader, view: View, rows: _Rows, plan: _Plan) -> Hits:
    """Reads ids and payloads, and puts equal values in the order of their ids."""
    slots, values = rows.slots, rows.values
    listed = slots.tolist()
    payloads: list[Payload] | None = None
    if plan.with_payloads:
        records = reader.records(view, listed)
        ids = [record[0] for record in records]
        payloads = [record[1] for record in records]
    else:
        known = _known_ids(view)
        try:
            ids = [known[slot] for slot in listed]
        except KeyError:
            _learn(reader, view, np.unique(slots).tolist(), known)
            ids = [known[slot] for slot in listed]
    order = _order(ids, values, rows.counts)
    if order is not None:
        slots, values = slots[order], values[order]
        ids = [ids[i] for i in order]
        payloads = None if payloads is None else [payloads[i] for i in order]
    return Hits(
        ids,
        values,
        plan.convention.from_value(values),
        metric=plan.metric.name,
        convention=plan.convention.name,
        direction=plan.convention.direction,
        payloads=payloads,
        vectors=index.vectors(reader, view, slots) if plan.with_vectors else None,
    )


def _known_ids(view: View) -> dict[int, Id]:
    """Ids by slot, as far as searches have met them.

    A view is one state of its collection, in which a slot has one id, so what was read once holds
    for as long as the view lives. In a batch things change, and nothing is kept.
    """
    if not isinstance(view, CollectionView):
        return {}
    known: dict[int, Id] = view.cache.setdefault("ids", {})
    if len(known) > _MOST_KNOWN_IDS:
        known = view.cache["ids"] = {}
    return known


def _learn(reader: Reader, view: View, slots: list[int], known: dict[int, Id]) -> None:
    """Reads the ids of those slots that are not known."""
    new = [slot for slot in slots if slot not in known]
    for slot, record in zip(new, reader.records(view, new, payloads=False), strict=True):
        known[slot] = record[0]


def _order(
    ids: list[Id], values: NDArray[np.float64], counts: NDArray[np.intp]
) -> list[int] | None:
    """The order that sorts equal values of a query by id; None when there are no equal ones."""
    equal = values[1:] == values[:-1]
    if not equal.any():
        return None
    tied = np.flatnonzero(equal)
    order = list(range(len(ids)))
    ends = np.cumsum(counts)
    for query in np.unique(np.searchsorted(ends, tied, side="right")).tolist():
        own = range(int(ends[query] - counts[query]), int(ends[query]))
        listed = values[own.start : own.stop].tolist()
        place = {value: i for i, value in reversed(list(enumerate(listed)))}
        order[own.start : own.stop] = sorted(own, key=lambda i: (place[values[i]], ids[i]))
    return order
