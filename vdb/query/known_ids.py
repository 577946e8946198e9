"""Ids by slot: read from records once, and kept with the view of the collection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb.query.scoring import Reader, View, order_by_id
from vdb.records import Id
from vdb.store import CollectionView

__all__ = ["by_id", "ids_of", "known"]

# About 10 MB; a collection whose searches meet more is read anew now and then.
_MOST = 65_536


def ids_of(reader: Reader, view: View, slots: NDArray[np.uint32]) -> list[Id]:
    """The ids of the records in these slots, in order."""
    listed = slots.tolist()
    ids = _table(view)
    try:
        return [ids[slot] for slot in listed]
    except KeyError:
        _learn(reader, view, sorted(set(listed)), ids)
    return [ids[slot] for slot in listed]


def known(reader: Reader, view: View, slots: list[int]) -> dict[int, Id]:
    """A table with at least the ids of these slots, each named once."""
    ids = _table(view)
    _learn(reader, view, slots, ids)
    return ids


def by_id(
    reader: Reader, view: View, slots: NDArray[np.uint32], values: NDArray[np.float64]
) -> list[int]:
    """The order of one query's entries, best first already, with equal values by id."""
    ids = ids_of(reader, view, slots)
    return order_by_id(ids, values, np.array([len(ids)])) or list(range(len(ids)))


def _table(view: View) -> dict[int, Id]:
    """Ids by slot, as far as searches have met them.

    A view is one state of its collection, in which a slot has one id, so what was read once holds
    for as long as the view lives. In a batch things change, and nothing is kept.
    """
    if not isinstance(view, CollectionView):
        return {}
    ids: dict[int, Id] = view.cache.setdefault("ids", {})
    if len(ids) > _MOST:
        ids = view.cache["ids"] = {}
    return ids


def _learn(reader: Reader, view: View, slots: list[int], ids: dict[int, Id]) -> None:
    """Reads the ids of those slots that are not known."""
    new = [slot for slot in slots if slot not in ids]
    if new:
        ids.update(zip(new, reader.encoded(view, new, payloads=False)[0], strict=True))
