"""Postings kept in memory, for filters that come again and again while nothing changes.

Reading a leaf costs a few microseconds, most of them for finding and verifying it. What was read
is counted for each field and each commit; once it comes to about all there is, the whole field is
read a last time and kept with the view, until the next commit. So keeping never more than doubles
what is read, whatever the filters are. In the same way long lists of values are looked for one by
one at first, and in a table of all values once that would have paid.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from itertools import pairwise, repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.index.types import Reader, View
from vdb.store import CacheSlot, CollectionView, Snapshot
from vdb.store.format import keys
from vdb.store.format.leaves import Leaf
from vdb.store.format.terms import SEVERAL, TermRange

__all__ = ["Kept", "Places", "ValueOf", "Values", "count", "of"]

Places: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Where in the slots of a field runs of them begin and end."""

ValueOf: TypeAlias = Callable[[bytes], Any]
"""The value that a term means, as a key to look up; None or `SEVERAL` where it means not one."""

_MOST_KEPT = 1 << 25
"""Bytes of leaves of one collection; in memory they take about four times as much."""

_POSTINGS_OF_A_LEAF = 256

_MOST_VALUES = 1 << 18
"""Values of a table; each takes some 150 bytes."""

_VALUES_FOR_EACH = 4
"""Values that are put into the table in the time in which one is looked for without it."""


class Kept:
    """All postings of one field. Free for all threads."""

    __slots__ = ("_bounds", "_leaves", "_sought", "_starts", "_terms", "_values", "slots")

    def __init__(self, bounds: list[bytes], leaves: list[Leaf]) -> None:
        """`bounds`: of each leaf, rising."""
        self._bounds = bounds
        self._leaves = leaves
        parts = [leaf.slots for leaf in leaves]
        self.slots: NDArray[np.uint32] = np.concatenate(parts or [np.zeros(0, np.uint32)])
        self._starts: list[int] = np.cumsum([0, *map(len, parts)]).tolist()
        self._terms = sum(leaf.term_count for leaf in leaves)
        self._sought = 0
        self._values: Values | None = None

    def inside(self, ranges: Sequence[TermRange]) -> Places:
        """Where the slots of the terms in the ranges lie."""
        bounds = self._bounds
        starts, ends = [], []
        for low, high in ranges:
            at = bisect_left(bounds, low)
            end = at if at < len(bounds) and high <= bounds[at] else bisect_left(bounds, high)
            starts.append(self._place(at, low))
            ends.append(self._place(end, high))
        return np.array(starts, np.int64), np.array(ends, np.int64)

    def _place(self, at: int, term: bytes) -> int:
        """Where the slots of a term, which lies in that leaf, begin."""
        start = self._starts[at]
        return start + self._leaves[at].place(term) if at < len(self._leaves) else start

    def table(self, values: Collection[Any], value_of: ValueOf) -> Values | None:
        """The table of values, in which these are to be looked for; None as long as there is none.

        It is made when about as many values have been looked for as there are terms to put in.
        """
        if self._values is None:
            self._sought += len(values)
            if self._terms > min(_MOST_VALUES, _VALUES_FOR_EACH * self._sought):
                return None
            try:
                self._values = Values(self._leaves, self._starts, value_of)
            except (CorruptedError, ValueError, struct.error):
                self._terms = _MOST_VALUES + 1  # whoever needs what is damaged will be told
                return None
        return self._values


class Values:
    """The values of one field, each with the place of its slots.

    Attributes:
        whole: Whether there are no terms that stand for several values.
    """

    __slots__ = ("_ends", "_places", "_starts", "whole")

    def __init__(self, leaves: list[Leaf], starts: list[int], value_of: ValueOf) -> None:
        self.whole = True
        found: dict[Any, int] = {}
        first: list[int] = []
        last: list[int] = []
        for leaf, start in zip(leaves, starts, strict=False):
            terms, ends = leaf.terms()
            for term, (low, high) in zip(terms, pairwise(ends), strict=True):
                value = value_of(term)
                if value is SEVERAL:
                    self.whole = False
                if value is None or value is SEVERAL:
                    continue
                # What has more slots than a leaf holds goes on in the next one.
                place = found.setdefault(value, len(first))
                if place == len(first):
                    first.append(start + low)
                    last.append(0)
                last[place] = start + high
        self._places = found
        # The last place is that of all values that are not there.
        self._starts = np.array([*first, 0], np.int64)
        self._ends = np.array([*last, 0], np.int64)

    def places(self, values: Collection[Any]) -> Places:
        """Where the slots of these values lie; those that are not there have none."""
        nowhere = repeat(len(self._starts) - 1)
        at = np.fromiter(map(self._places.get, values, nowhere), np.intp, len(values))
        return self._starts[at], self._ends[at]


@dataclass(slots=True)
class _State:
    """Of one commit: what is kept, what cannot be, and what was read so far."""

    commit: int
    kept: dict[int, Kept | None] = dataclass_field(default_factory=dict)
    read: dict[int, int] = dataclass_field(default_factory=dict)
    size: int = 0


_STATE = CacheSlot[_State]("postings that were read, and how often")


def of(reader: Reader, view: View, field: int) -> Kept | None:
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


def count(reader: Reader, view: View, field: int, leaves: int) -> None:
    """So many leaves of a field were read."""
    state = _state(reader, view)
    if state is not None:
        state.read[field] = state.read.get(field, 0) + leaves


def _state(reader: Reader, view: View) -> _State | None:
    """None in a batch, where things change, and for the past."""
    if not isinstance(view, CollectionView) or not isinstance(reader, Snapshot):
        return None
    state = view.cache.get(_STATE)
    # By commit, because a view outlives commits that change nothing but payloads.
    if state is None or state.commit < reader.commit:
        state = view.cache[_STATE] = _State(reader.commit)
    return state if state.commit == reader.commit else None


def _read(reader: Reader, view: View, field: int, state: _State) -> Kept | None:
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
