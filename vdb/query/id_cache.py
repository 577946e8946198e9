"""Ids by slot: read from records once, and cached with the view of the collection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb.index.types import Reader, View
from vdb.model.records import Id, Ids
from vdb.query.hit_order import order_by_id
from vdb.store import CacheSlot, CollectionView

__all__ = ["by_id", "ids_at", "ids_by_slot"]

# About 10 MB; a collection whose searches meet more is read anew now and then.
_MOST = 65_536

# So many ids at once, that are numbers, are looked up in an array with a place for every slot of
# the collection, if it has no more than a million: 9 MB, of which what searches meet is touched.
_BATCH = 100
_MOST_SLOTS = 1 << 20

_IDS = CacheSlot[dict[int, Id]]("ids by slot")


def ids_at(reader: Reader, view: View, slots: NDArray[np.uint32]) -> Ids:
    """The ids of the records in these slots, in order; many that are numbers as an array."""
    if len(slots) >= _BATCH and isinstance(view, CollectionView) and _has_int_table(view):
        return _int_ids_at(reader, view, slots)
    listed = slots.tolist()
    ids = _table(view)
    try:
        return [ids[slot] for slot in listed]
    except KeyError:
        _read_missing(reader, view, sorted(set(listed)), ids)
    return [ids[slot] for slot in listed]


def ids_by_slot(reader: Reader, view: View, slots: list[int]) -> dict[int, Id]:
    """A table with at least the ids of these slots, each named once."""
    ids = _table(view)
    _read_missing(reader, view, slots, ids)
    return ids


def by_id(
    reader: Reader, view: View, slots: NDArray[np.uint32], values: NDArray[np.float64]
) -> list[int]:
    """The order of one query's entries, best first already, with equal values by id."""
    ids = ids_at(reader, view, slots)
    order = order_by_id(ids, values, np.array([len(ids)]))
    return list(range(len(ids))) if order is None else order.tolist()


def _table(view: View) -> dict[int, Id]:
    """Ids by slot, as far as searches have read them.

    A view is one state of its collection, in which a slot has one id, so what was read once holds
    for as long as the view lives. In a batch things change, and nothing is cached.
    """
    if not isinstance(view, CollectionView):
        return {}
    ids = view.cache.setdefault(_IDS, {})
    if len(ids) > _MOST:
        ids = view.cache[_IDS] = {}
    return ids


class _IntIds:
    """Ids that are numbers, by slot: an array takes a fifth of the time of a table."""

    def __init__(self, slots: int) -> None:
        # Of memory that is zero from the start, the system gives only what is touched.
        self.ids = np.zeros(slots, dtype=np.int64)
        self.cached = np.zeros(slots, dtype=np.bool_)


_INT_IDS = CacheSlot[_IntIds]("ids that are numbers, by slot")


def _has_int_table(view: CollectionView) -> bool:
    return view.header.id_kind == "int" and view.header.slots <= _MOST_SLOTS


def _int_ids_at(
    reader: Reader, view: CollectionView, slots: NDArray[np.uint32]
) -> NDArray[np.int64]:
    """The ids of these slots of a collection whose ids are numbers."""
    table = view.cache.get(_INT_IDS)
    if table is None:
        table = view.cache.setdefault(_INT_IDS, _IntIds(view.header.slots))
    cached = table.cached[slots]
    if not cached.all():
        new = np.unique(slots[~cached])
        table.ids[new] = reader.encoded(view, new, payloads=False)[0]
        table.cached[new] = True  # last: other threads rely on it
    return table.ids[slots]


def _read_missing(reader: Reader, view: View, slots: list[int], ids: dict[int, Id]) -> None:
    """Reads the ids of those slots that are not in the table."""
    new = [slot for slot in slots if slot not in ids]
    if new:
        ids.update(zip(new, reader.encoded(view, new, payloads=False)[0], strict=True))
