"""Evaluated filters, cached with the view until the next commit.

A repeated filter costs one lookup. Its key is made from the dict without parsing it; a dict that
holds more than plain values is parsed first.
"""

from __future__ import annotations

from collections.abc import Hashable
from types import NoneType
from typing import Any, Final, NamedTuple

from vdb.index import FilterSet
from vdb.index.types import Reader, View
from vdb.model.filters.nodes import MOST_VALUES_IN_ALL, Filter, Joint, Membership, Not
from vdb.store import CacheSlot, CollectionView, Snapshot

__all__ = ["FilterCache", "filter_cache", "key_of", "sound"]

_MOST_FILTERS = 16
_MOST_BYTES = 1 << 23
_LONGEST = 1 << 10  # characters of a text that is part of a key
_DEEPEST = 100  # far more than a filter may have
_PLAIN: Final = {str, int, float, bool, NoneType}


class _Entry(NamedTuple):
    commit: int
    filter_set: FilterSet
    where: object  # kept alive: an expression is known by its identity, which another could get


class FilterCache:
    """Earlier results of one collection. Free for all threads."""

    def __init__(self) -> None:
        self._entries: dict[Hashable, _Entry] = {}

    def get(self, key: Hashable, commit: int) -> FilterSet | None:
        """The records that pass the filter at this commit, if cached."""
        try:
            entry = self._entries.get(key)
        except TypeError:  # a list of a string and something that is no literal
            return None
        return entry.filter_set if entry is not None and entry.commit == commit else None

    def put(self, key: Hashable, commit: int, filter_set: FilterSet, where: object) -> None:
        """Cache a result; the oldest ones make room."""
        entries = self._entries
        most = min(_MOST_FILTERS, 1 + _MOST_BYTES // (len(filter_set.bits) + 1))
        # In one step: while an iterator is open, another thread may change the dict.
        for oldest in list(entries)[: max(0, len(entries) - most + 1)]:
            entries.pop(oldest, None)
        entries[key] = _Entry(commit, filter_set, where)


_FILTERS = CacheSlot[FilterCache]("evaluated filters")


def filter_cache(reader: Reader, view: View) -> FilterCache | None:
    """The cache of a view; None in a batch, where things change."""
    if not isinstance(view, CollectionView) or not isinstance(reader, Snapshot):
        return None
    cache = view.cache.get(_FILTERS)
    if cache is None:
        cache = view.cache[_FILTERS] = FilterCache()
    return cache


def sound(where: Filter) -> bool:
    """Whether a filter may be cached: no list in it has a string first and others behind.

    Of a list that begins with a string, `key_of` does not look at the types of the others: they
    are equal to strings if they are equal to a cached list.
    """
    if isinstance(where, Joint):
        return all(map(sound, where.parts))
    if isinstance(where, Not):
        return sound(where.part)
    return not isinstance(where, Membership) or str not in where.kinds or len(where.kinds) == 1


def key_of(where: object) -> Hashable | None:
    """A key that two filters share only if they mean the same, or if one of them is not `sound`.

    None where there is no simple one, or one that takes long to look up. To Python 1, 1.0 and True
    are equal: the types are part of the key.
    """
    return (Filter, id(where)) if isinstance(where, Filter) else _key(where, _DEEPEST)


def _key(value: Any, depth: int) -> Hashable | None:
    kind = type(value)
    if kind in _PLAIN:
        return None if kind is str and len(value) > _LONGEST else (kind, value)
    if depth == 0:
        return None
    if kind is dict:
        names = tuple(value)
        parts = tuple([_key(part, depth - 1) for part in value.values()])
        return None if None in parts or set(map(type, names)) - {str} else (dict, names, parts)
    if kind is not list and kind is not tuple:
        return None
    if len(value) > MOST_VALUES_IN_ALL:  # of ids
        return None
    # Lists may be long, and are mostly of one kind.
    if value and type(value[0]) is str:
        longest = max((len(one) for one in value if type(one) is str), default=0)
        return None if longest > _LONGEST else (list, str, tuple(value))
    kinds = set(map(type, value))
    if len(kinds) == 1 and kinds <= _PLAIN:
        return list, *kinds, tuple(value)
    parts = tuple([_key(part, depth - 1) for part in value])
    return None if None in parts else (list, parts)
