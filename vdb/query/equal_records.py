"""Equal records in the order of their ids, sorted once and cached with the view.

Thousands of records may have one vector (empty texts, blank images). Their ids decide which of them
are hits, and reading those ids anew for every query would make such a query a hundred times as slow
as others. So the first search that cuts such a group apart sorts it, and later ones take its first
members. Where the group is a good part of the collection, the first ids of the whole collection are
read instead: those of them that belong to the group are the beginning of its order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from heapq import nsmallest
from itertools import islice
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import CorruptedError
from vdb.index import FilterSet
from vdb.index.types import Reader, View
from vdb.model.records import Id
from vdb.query.id_cache import ids_by_slot
from vdb.store import CacheSlot, CollectionView
from vdb.store.format import keys
from vdb.store.format.keys import KeyKind

__all__ = ["smallest_of_all", "smallest_of_nodes", "smallest_of_ties"]

_Slots: TypeAlias = NDArray[np.uint32]

_NONE: _Slots = np.empty(0, dtype=np.uint32)

_FEW = 64
"""Slots whose ids are read one by one; of longer lists the order is cached."""

_MOST_SLOTS = 1 << 22
"""Slots in the orders of one view: 16 MiB, and as much for their keys."""

_READ = 1 << 16  # ids that are read between two chances for Ctrl-C
_READ_FIRST = 512  # first ids of the collection that are read at a time, and
_SHARE = 4  # together a fourth of the group at most


class _Order(NamedTuple):
    """Slots by id: a whole group, or the beginning of it."""

    slots: _Slots
    whole: bool


_ORDERS = CacheSlot[dict[Hashable, _Order]]("orders of equal records by id")


def smallest_of_all(reader: Reader, view: View, count: int | None) -> _Slots:
    """The slots of the `count` smallest ids with a vector, or of all such, in their order."""
    parts, left = [_NONE], count
    for some in _by_id(reader, view, _READ if count is None else count):
        parts.append(some[:left])
        if left is not None:
            left -= len(parts[-1])
            if not left:
                break
    return np.concatenate(parts)


def smallest_of_nodes(
    reader: Reader, view: View, nodes: _Slots, count: int, filter_set: FilterSet | None
) -> _Slots:
    """Of all slots that these nodes of the graph stand for, the `count` with the smallest ids.

    With a filter set, of those in it.
    """
    short, first = [], []
    for node, copies in zip(nodes, index.copies(reader, view, nodes, _FEW + 1), strict=True):
        if len(copies) <= _FEW:
            short.append(_within(copies, filter_set))
            continue

        def every(node: np.uint32 = node) -> _Slots:
            alone = np.array([node], dtype=np.uint32)
            return index.copies(reader, view, alone, view.header.slots)[0]

        first.append(
            _first(reader, view, ("node", int(node)), every, count=count, filter_set=filter_set)
        )
    if not short and len(first) == 1:
        return first[0]
    return _smallest(reader, view, np.concatenate([*short, *first]), count)


def smallest_of_ties(reader: Reader, view: View, slots: _Slots, count: int) -> _Slots:
    """The `count` of these slots with the smallest ids."""
    if len(slots) <= max(_FEW, count):
        return _smallest(reader, view, slots, count)
    # What is equally near to one query is so to the next that asks the same.
    return _first(
        reader, view, ("ties", slots.tobytes()), lambda: slots, count=count, filter_set=None
    )


def _first(
    reader: Reader,
    view: View,
    key: Hashable,
    group: Callable[[], _Slots],
    *,
    count: int,
    filter_set: FilterSet | None,
) -> _Slots:
    """The first of a group; its order, as far as it is known then, is cached under `key`."""
    order = _cached(view).get(key)
    if order is None:
        order = _cache(view, key, _beginning(reader, view, group(), count))
    first = _within(order.slots, filter_set)[:count]
    if len(first) < count and not order.whole:
        order = _cache(view, key, _Order(_sorted(reader, view, group()), whole=True))
        first = _within(order.slots, filter_set)[:count]
    return first


def _beginning(reader: Reader, view: View, every: _Slots, count: int) -> _Order:
    """The first `count` of a group by id, if the first ids of all have them; else none."""
    member = np.zeros(view.header.slots, dtype=np.bool_)
    member[every] = True
    parts, steps = [_NONE], len(every) // (_SHARE * _READ_FIRST)
    for some in islice(_by_id(reader, view, _READ_FIRST), steps):
        parts.append(some[member[some]])
        if sum(map(len, parts)) >= count:
            break
    return _Order(np.concatenate(parts), whole=False)


def _within(slots: _Slots, filter_set: FilterSet | None) -> _Slots:
    if filter_set is None:
        return slots
    inside: NDArray[np.bool_] = (
        filter_set.bits[slots >> 3] >> (slots & 7).astype(np.uint8)
    ) & 1 == 1
    return slots[inside]


def _smallest(reader: Reader, view: View, slots: _Slots, count: int) -> _Slots:
    listed = slots.tolist()
    ids = ids_by_slot(reader, view, listed)
    return np.array(nsmallest(count, listed, key=ids.__getitem__), dtype=np.uint32)


def _sorted(reader: Reader, view: View, slots: _Slots) -> _Slots:
    ids: list[Id] = []
    for start in range(0, len(slots), _READ):
        ids += reader.encoded(view, slots[start : start + _READ], payloads=False)[0]
    return slots[_order(ids)]


def _order(ids: Sequence[Id]) -> NDArray[np.intp]:
    if isinstance(ids[0], int):
        return np.argsort(np.array(ids, dtype=np.int64))
    return np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.intp)


def _by_id(reader: Reader, view: View, step: int) -> Iterator[_Slots]:
    """The slots with a vector that ids lead to, in the order of the ids, of so many at a time."""
    header = view.header
    items = reader.items(keys.within(KeyKind.ID, header.number))
    while values := [value for _, value in islice(items, step)]:
        joined = b"".join(values)
        slots = np.frombuffer(joined[: len(joined) // 4 * 4], dtype="<u4").astype(np.uint32)
        if len(joined) != 4 * len(values) or slots.max() >= header.slots:
            raise CorruptedError(
                f"slots: expected 4 bytes each, and one below {header.slots}",
                where=f"ids of collection {header.name!r}",
            )
        yield slots[index.has_vector(reader, view, slots)] if header.bare else slots


def _cached(view: View) -> dict[Hashable, _Order]:
    """The orders of a view. In a batch things change, and nothing is cached."""
    if not isinstance(view, CollectionView):
        return {}
    return view.cache.setdefault(_ORDERS, {})


def _cache(view: View, key: Hashable, order: _Order) -> _Order:
    """Cache an order, if it leaves room for others; the oldest ones make room."""
    orders, added = _cached(view), len(order.slots)
    if added <= _MOST_SLOTS // 2:
        orders.pop(key, None)
        # In one step: while an iterator is open, another thread may change the dict.
        entries = list(orders.items())
        size = added + sum(len(one.slots) for _, one in entries)
        for oldest, one in entries:
            if size <= _MOST_SLOTS:
                break
            orders.pop(oldest, None)
            size -= len(one.slots)
        orders[key] = order
    return order
