"""Postings cached in memory, for filters that are repeated while nothing changes.

Reading a leaf costs a few microseconds, most of them for finding and verifying it. Leaves that were
read are counted for each field and each commit. Once they are about as many as the field has, the
whole field is read a last time and cached with the view, until the next commit: so the cache at
most doubles the reads, whatever the filters are. In the same way the values of long lists are
looked up one by one at first, and in a table of all values once that would have paid.
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
from vdb.store.format.posting_leaves import Leaf
from vdb.store.format.terms import SEVERAL, TermRange

__all__ = ["CachedPostings", "Places", "ValueOf", "cached", "count_leaves"]

Places: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Where in the slots of a field runs of them begin and end."""

ValueOf: TypeAlias = Callable[[bytes], Any]
"""The value that a term means, as a key to look up; None or `SEVERAL` where it means not one."""

_MOST_BYTES = 1 << 25
"""Bytes of leaves of one collection; in memory they take about four times as much."""

_POSTINGS_OF_A_LEAF = 256

_MOST_VALUES = 1 << 18
"""Values of a table; each takes some 150 bytes."""

_VALUES_FOR_EACH = 4
"""Values put into the table in the time of one lookup without it."""


class CachedPostings:
    """All postings of one field. Free for all threads."""

    __slots__ = ("_bounds", "_leaves", "_lookups", "_starts", "_table", "_terms", "slots")

    def __init__(self, bounds: list[bytes], leaves: list[Leaf]) -> None:
        """`bounds`: of each leaf, rising."""
        self._bounds = bounds
        self._leaves = leaves
        parts = [leaf.slots for leaf in leaves]
        self.slots: NDArray[np.uint32] = np.concatenate(parts or [np.zeros(0, np.uint32)])
        self._starts: list[int] = np.cumsum([0, *map(len, parts)]).tolist()
        self._terms = sum(leaf.term_count for leaf in leaves)
        self._lookups = 0
        self._table: _ValueTable | None = None

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

    def leaves(self, low: bytes, high: bytes) -> list[Leaf]:
        """The leaves in which terms from `low` on and below `high` may be."""
        first, last = bisect_left(self._bounds, low), bisect_left(self._bounds, high)
        return self._leaves[first : last + 1]

    def _place(self, at: int, term: bytes) -> int:
        """Where the slots of a term, which lies in that leaf, begin."""
        start = self._starts[at]
        return start + self._leaves[at].place(term) if at < len(self._leaves) else start

    def table(self, values: Collection[Any], value_of: ValueOf) -> _ValueTable | None:
        """The table of values, for a lookup of these; None as long as there is none.

        It is made when about as many values have been looked up as there are terms to put in.
        """
        if self._table is None:
            self._lookups += len(values)
            if self._terms > min(_MOST_VALUES, _VALUES_FOR_EACH * self._lookups):
                return None
            try:
                self._table = _ValueTable(self._leaves, self._starts, value_of)
            except (CorruptedError, ValueError, struct.error):
                self._terms = _MOST_VALUES + 1  # a search that needs the damaged leaf reports it
                return None
        return self._table


class _ValueTable:
    """The values of one field, each with the place of its slots.

    Attributes:
        whole: Whether there are no terms that stand for several values.
    """

    __slots__ = ("_ends", "_places", "_starts", "whole")

    def __init__(self, leaves: list[Leaf], starts: list[int], value_of: ValueOf) -> None:
        self.whole = True
        places: dict[Any, int] = {}
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
                place = places.setdefault(value, len(first))
                if place == len(first):
                    first.append(start + low)
                    last.append(0)
                last[place] = start + high
        self._places = places
        # The last place is that of all values that are not there.
        self._starts = np.array([*first, 0], np.int64)
        self._ends = np.array([*last, 0], np.int64)

    def places(self, values: Collection[Any]) -> Places:
        """Where the slots of these values lie; those that are not there have none."""
        nowhere = repeat(len(self._starts) - 1)
        at = np.fromiter(map(self._places.get, values, nowhere), np.intp, len(values))
        return self._starts[at], self._ends[at]


@dataclass(slots=True)
class _CommitCache:
    """The cache of one collection at one commit.

    Attributes:
        commit: The commit.
        fields: The postings of fields by number; None where they cannot be cached.
        leaves: How many leaves of a field were read so far.
        size: Bytes of the cached leaves.
    """

    commit: int
    fields: dict[int, CachedPostings | None] = dataclass_field(default_factory=dict)
    leaves: dict[int, int] = dataclass_field(default_factory=dict)
    size: int = 0


_CACHE = CacheSlot[_CommitCache]("postings that were read, and how often")


def cached(reader: Reader, view: View, field: int) -> CachedPostings | None:
    """The postings of a field, from the cache or put there now; None: its leaves are to be read."""
    cache = _cache_of(reader, view)
    if cache is None:
        return None
    if field in cache.fields:
        return cache.fields[field]
    if cache.leaves.get(field, 0) * _POSTINGS_OF_A_LEAF <= view.header.slots:
        return None
    cache.fields[field] = _read(reader, view, field, cache)
    return cache.fields[field]


def count_leaves(reader: Reader, view: View, field: int, leaves: int) -> None:
    """Count leaves of a field that were read without the cache."""
    cache = _cache_of(reader, view)
    if cache is not None:
        cache.leaves[field] = cache.leaves.get(field, 0) + leaves


def _cache_of(reader: Reader, view: View) -> _CommitCache | None:
    """None in a batch, where things change, and for the past."""
    if not isinstance(view, CollectionView) or not isinstance(reader, Snapshot):
        return None
    cache = view.cache.get(_CACHE)
    # By commit, because a view outlives commits that change nothing but payloads.
    if cache is None or cache.commit < reader.commit:
        cache = view.cache[_CACHE] = _CommitCache(reader.commit)
    return cache if cache.commit == reader.commit else None


def _read(reader: Reader, view: View, field: int, cache: _CommitCache) -> CachedPostings | None:
    prefix = keys.field(view.header.number, field)
    bounds, leaves, size = [], [], cache.size
    try:
        for key, value in reader.items(prefix):
            size += len(value)
            if size > _MOST_BYTES:
                return None
            leaves.append(Leaf(reader.seal.unwrap(key, value), f"key {key.hex()}"))
            bounds.append(key[len(prefix) :])
    except CorruptedError:
        return None  # a search that needs the damaged leaf reports it
    cache.size = size
    return CachedPostings(bounds, leaves)
