"""The way out: from a query to hits, and from ids to records.

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

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import arguments, config, index, inputs
from vdb.errors import ArgumentTypeError, CorruptedError, InvalidArgumentError
from vdb.hits import Hits, ManyHits
from vdb.metrics import METRICS, Metric
from vdb.records import Id, Payload, Record
from vdb.scores.table import Convention, convention_named
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

__all__ = ["Options", "contains", "get", "scan", "search", "search_many"]

Reader: TypeAlias = Snapshot | Batch
View: TypeAlias = CollectionView | WritableCollection

# Slots and values of one query, best first.
_Row: TypeAlias = tuple[NDArray[np.uint32], NDArray[np.float64]]
_NO_SLOTS = np.empty(0, dtype=np.uint32)
_NO_VALUES = np.empty(0, dtype=np.float64)

_SCAN_ROWS = 256
_FIRST_WIDTH = 128
# Exact range searches hold a value for every record and query: at most this many at a time.
_SCAN_CELLS = 4_000_000


class Options(NamedTuple):
    """What a search is asked for besides query and k, as it was given; see `Collection.search`."""

    ef: int | None = None
    where: object = None
    exact: bool = False
    scores: str | None = None
    threshold: float | None = None
    with_payloads: bool = True
    with_vectors: bool = False


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


def search(reader: Reader, view: View, q: ArrayLike, k: int | None, options: Options) -> Hits:
    """The hits of one query of shape (dim,)."""
    plan = _plan(view, k, 1, options)
    matrix = inputs.query_matrix(q, dim=view.header.dim, metric=plan.metric)
    return _hits(reader, view, _rows(reader, view, matrix, plan)[0], plan, {})


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
    plan = _plan(view, k, config.thread_count(threads), options)
    matrix = inputs.vector_matrix(Q, dim=view.header.dim, metric=plan.metric, rows=None, name="Q")
    rows = _rows(reader, view, matrix, plan) if len(matrix) else []
    known: dict[int, Id] = {}
    return ManyHits([_hits(reader, view, row, plan, known) for row in rows])


def get(reader: Reader, view: View, wanted: Sequence[Id]) -> list[Record | None]:
    """The records of these ids in order, None where there is none."""
    slots = [reader.slot_of(view, value) for value in wanted]
    present = [slot for slot in slots if slot is not None]
    if not present:
        return [None] * len(slots)
    vectors = iter(index.vectors(reader, view, np.array(present, dtype=np.uint32)))
    rows = iter(reader.records(view, present))
    found: list[Record | None] = []
    for value, slot in zip(wanted, slots, strict=True):
        if slot is None:
            found.append(None)
            continue
        record_id, payload = next(rows)
        if record_id != value:
            raise CorruptedError(
                f"leads to slot {slot}, where the record has id {record_id!r}",
                where=f"collection {view.header.name!r}, id {value!r}",
                expected=value,
                received=record_id,
            )
        found.append(Record(value, next(vectors), payload))
    return found


def contains(reader: Reader, view: View, value: object) -> bool:
    """Whether there is a record of that id; False for what cannot be an id of this collection."""
    if not inputs.is_one_id(value):
        return False
    try:
        plain = inputs.one_id(value)
    except (InvalidArgumentError, ArgumentTypeError):
        return False
    if type(plain).__name__ != view.header.id_kind:
        return False
    return reader.slot_of(view, plain) is not None


def scan(
    reading: Callable[[], AbstractContextManager[Reader]], view: View, wanted: Iterable[Id]
) -> Iterator[Record]:
    """The records of these ids in order, a few hundred at a time; ids that are gone are skipped.

    Between two handfuls the reader is not in use, so that an idle walk keeps nobody waiting.
    """
    remaining = iter(wanted)
    while chunk := list(islice(remaining, _SCAN_ROWS)):
        with reading() as reader:
            records = get(reader, view, chunk)
        yield from (record for record in records if record is not None)


# The steps of a search


def _plan(view: View, k: int | None, threads: int, options: Options) -> _Plan:
    ef, where, exact, scores, threshold, with_payloads, with_vectors = options
    if where is not None:
        config.no_filter(where)
    header = view.header
    return _Plan(
        metric=METRICS[header.metric],
        convention=convention_named(
            header.scores if scores is None else scores, header.metric, argument="scores"
        ),
        k=config.neighbours(k, threshold),
        ef=config.search_width(ef),
        exact=bool(exact),
        threshold=None if threshold is None else arguments.number("threshold", threshold),
        with_payloads=bool(with_payloads),
        with_vectors=bool(with_vectors),
        threads=threads,
    )


def _rows(reader: Reader, view: View, matrix: NDArray[np.float32], plan: _Plan) -> list[_Row]:
    """Slots and values of each query, best first, cut at the threshold."""
    count = view.header.count
    if count == 0:
        return [(_NO_SLOTS, _NO_VALUES)] * len(matrix)
    if plan.k is None:
        return _within(reader, view, matrix, plan)
    k = min(plan.k, count)
    # A walk that would have to keep more than it may is no better than looking at everything.
    exact = plan.exact or k > config.LIMITS.ef
    found = index.search(reader, view, matrix, k, ef=plan.ef, exact=exact, threads=plan.threads)
    return _cut(found, plan)


def _within(reader: Reader, view: View, matrix: NDArray[np.float32], plan: _Plan) -> list[_Row]:
    """Everything at least as close as the threshold, for each query.

    In a graph the candidate list doubles until at most half of what it holds is within the
    threshold, so that the last hit is found as surely as the first. Past a quarter of the
    collection an exact scan costs no more.
    """
    count = view.header.count
    rows: list[_Row] = [(_NO_SLOTS, _NO_VALUES)] * len(matrix)
    pending = np.arange(len(matrix))
    width = max(_FIRST_WIDTH, plan.ef or 0)
    graph = not plan.exact and view.generation.index["type"] != "flat"
    while graph and pending.size and 4 * width < count and width <= config.LIMITS.ef:
        found = index.search(
            reader, view, matrix[pending], width, ef=width, exact=False, threads=plan.threads
        )
        again = []
        for query, row in zip(pending.tolist(), _cut(found, plan), strict=True):
            if 2 * len(row[0]) <= width:
                rows[query] = row
            else:
                again.append(query)
        pending = np.array(again, dtype=np.intp)
        width *= 2
    step = max(1, _SCAN_CELLS // count)
    for start in range(0, len(pending), step):
        chunk = pending[start : start + step]
        found = index.search(
            reader, view, matrix[chunk], count, ef=None, exact=True, threads=plan.threads
        )
        for query, row in zip(chunk.tolist(), _cut(found, plan), strict=True):
            rows[query] = row
    return rows


def _cut(found: index.Found, plan: _Plan) -> list[_Row]:
    """Each query's real entries, without those that the threshold keeps out."""
    rows: list[_Row] = []
    for slots, values, count in zip(found.slots, found.values, found.counts.tolist(), strict=True):
        row = slots[:count], values[:count]
        if plan.threshold is not None:
            scores = plan.convention.from_value(row[1])
            admitted = plan.convention.admits(scores, row[1], plan.threshold)
            row = row[0][admitted], row[1][admitted]
        rows.append(row)
    return rows


def _hits(
    reader: Reader,
    view: View,
    row: _Row,
    plan: _Plan,
    known: dict[int, Id],
) -> Hits:
    """Reads ids and payloads, and puts equal values in the order of their ids.

    ``known`` remembers ids by slot from one query to the next; ids may be shared, payloads may not.
    """
    slots, values = row
    listed = slots.tolist()
    payloads: list[Payload] | None = None
    if plan.with_payloads:
        records = reader.records(view, listed)
        ids = [record[0] for record in records]
        payloads = [record[1] for record in records]
    else:
        new = [slot for slot in listed if slot not in known]
        for slot, record in zip(new, reader.records(view, new, payloads=False), strict=True):
            known[slot] = record[0]
        ids = [known[slot] for slot in listed]
    order = _order(ids, values.tolist())
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


def _order(ids: list[Id], values: list[float]) -> list[int] | None:
    """The order that sorts runs of equal values by id; None when there are no such runs."""
    if len(set(values)) == len(values):
        return None
    place = {value: i for i, value in reversed(list(enumerate(values)))}
    return sorted(range(len(ids)), key=lambda i: (place[values[i]], ids[i]))
