"""Ids in their order, from a place on: what `ids` and `scan` iterate over."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice

from vdb.index import FilterSet
from vdb.index.types import Reader, View
from vdb.model.records import Id
from vdb.query.filter_match import ids_of

__all__ = ["ids_in_range"]


def ids_in_range(
    reader: Reader, view: View, filter_set: FilterSet | None, *, after: Id | None, limit: int | None
) -> Iterator[Id]:
    """At most `limit` ids behind `after`, in key order, of the records in the filter set."""
    if filter_set is None:
        return islice(reader.ids(view, after=after), limit)
    if limit is not None and limit * view.header.count < filter_set.count**2:
        # Fewer ids are passed on the way to the last one than there are in the set.
        return islice(_passing(reader, view, filter_set, after), limit)
    ids = ids_of(reader, view, filter_set)
    # Strs in the order of their UTF-8 are in that of their code points, which is Python's.
    start = 0 if after is None else bisect_right(ids, after)
    return islice(ids, start, None if limit is None else start + limit)


def _passing(reader: Reader, view: View, filter_set: FilterSet, after: Id | None) -> Iterator[Id]:
    bits = filter_set.bits
    for record_id, slot in reader.ids_and_slots(view, after=after):
        if bits[slot >> 3] >> (slot & 7) & 1:
            yield record_id
