"""Postings kept in memory, for filters that come again and again while nothing changes.

Reading a leaf costs a few microseconds, most of them for finding and verifying it. What was read
is counted for each field and each commit; once it comes to about all there is, the whole field is
read a last time and kept with the view, until the next commit. So keeping never more than doubles
what is read, whatever the filters are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.format import keys
from vdb.format.leaves import Leaf
from vdb.format.terms import Range
from vdb.index.opened import Collection, Reader
from vdb.store import CollectionView, Snapshot

__all__ = ["Kept", "count", "of"]

Slots: TypeAlias = NDArray[np.intp]

_MOST_KEPT = 1 << 25
"""Bytes of leaves of one collection; in memory they take about four times as much."""

_POSTINGS_OF_A_LEAF = 256


class Kept:
    """All postings of one field. Free for all threads."""

    __slots__ = ("_bounds", "_leaves", "_slots", "_starts")

    def __init__(self, bounds: list[bytes], leaves: list[Leaf]) -> None:
        """`bounds`: of each leaf, rising."""
        self._bounds = bounds
        self._leaves = leaves
        parts = [leaf.slots for leaf in leaves]
        # intp, because numpy turns other indices into it every time.
        self._slots: Slots = np.concatenate(parts or [np.zeros(0, np.uint32)]).astype(np.intp)
        self._starts = np.cumsum([0, *map(len, parts)]).tolist()

    def inside(self, ranges: Sequence[Range]) -> list[Slots]:
        """The slots of the terms in the ranges, those of a range together."""
        found = []
        bounds, slots = self._bounds, self._slots
        for low, high in ranges:
            at = bisect_left(bounds, low)
            end = at if at < len(bounds) and high <= bounds[at] else bisect_left(bounds, high)
            found.append(slots[self._place(at, low) : self._place(end, high)])
        return found

    def _place(self, at: int, term: bytes) -> int:
        """Where the slots of a term, which lies in that leaf, begin."""
        start: int = self._starts[at]
        return start + self._leaves[at].place(term) if at < len(self._leaves) else start


@dataclass(slots=True)
class _State:
    """Of one commit: what is kept, what cannot be, and what was read so far."""

    commit: int
    kept: dict[int, Kept | None] = dataclass_field(default_factory=dict)
    read: dict[int, int] = dataclass_field(default_factory=dict)
    size: int = 0


def of(reader: Reader, view: Collection, field: int) -> Kept | None:
    """What is kept of a field, now or from now on; None where its leaves are to be read."""
    state = _state(reader, view)
    if state is None:
        return None
    if field in state.kept:
        return state.kept[field]
    if state.read.get(field, 0) * _POSTINGS_OF_A_LEAF <= view.header.slots:
        return None
    state.kept[field] = _read(reader, view, field, state)
    return state.kept[field]


def count(reader: Reader, view: Collection, field: int, leaves: int) -> None:
    """So many leaves of a field were read."""
    state = _state(reader, view)
    if state is not None:
        state.read[field] = state.read.get(field, 0) + leaves


def _state(reader: Reader, view: Collection) -> _State | None:
    """None in a batch, where things change, and for the past."""
    if not isinstance(view, CollectionView) or not isinstance(reader, Snapshot):
        return None
    state: _State | None = view.cache.get("postings")
    # By commit, because a view outlives commits that change nothing but payloads.
    if state is None or state.commit < reader.commit:
        state = view.cache["postings"] = _State(reader.commit)
    return state if state.commit == reader.commit else None


def _read(reader: Reader, view: Collection, field: int, state: _State) -> Kept | None:
    prefix = keys.field(view.header.number, field)
    bounds, leaves, size = [], [], state.size
    try:
        for key, value in reader.items(prefix):
            size += len(value)
            if size > _MOST_KEPT:
                return None
            leaves.append(Leaf(reader.seal.unwrap(key, value), f"key {key.hex()}"))
            bounds.append(key[len(prefix) :])
    except CorruptedError:
        return None  # whoever needs the damaged leaf will be told
    state.size = size
    return Kept(bounds, leaves)
