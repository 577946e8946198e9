"""A cache for values computed once for one state of a collection, by floors above the store.

The module that fills a slot declares it once, with its type, and the cache is indexed by it::

    _LENGTHS = CacheSlot[NDArray[np.float64]]("length of the vector in every slot")

    lengths = view.cache.get(_LENGTHS)  # NDArray[np.float64] | None

So the store need not know what is cached, and two modules cannot use one key.
"""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

__all__ = ["CacheSlot", "StateCache", "empty_cache", "next_cache"]

T = TypeVar("T")


class CacheSlot(Generic[T]):
    """One place in every `StateCache`, for values of type T; it is equal only to itself."""

    __slots__ = ("contents", "outlives_changes")

    def __init__(self, contents: str, *, outlives_changes: bool = False) -> None:
        """`contents` says in a few words what is cached, for a reader of `repr`.

        With `outlives_changes` the value is a dict, and the next state of the collection begins
        with a copy of it: each entry is right in every state that asks for it.
        """
        self.contents = contents
        self.outlives_changes = outlives_changes

    def __repr__(self) -> str:
        return f"<CacheSlot: {self.contents}>"


class StateCache(Protocol):
    """A dict of which every key says the type of its value. Free for all threads, like a dict."""

    def get(self, slot: CacheSlot[T], /) -> T | None:
        """The cached value, or None."""

    def __getitem__(self, slot: CacheSlot[T], /) -> T:
        """The cached value; KeyError where there is none."""

    def setdefault(self, slot: CacheSlot[T], value: T, /) -> T:
        """The cached value; `value`, which is cached now, where there was none."""

    def __setitem__(self, slot: CacheSlot[T], value: T, /) -> None:
        """Cache a value in place of any other."""

    def __len__(self) -> int:
        """The number of slots that are filled."""


def next_cache(cache: StateCache) -> StateCache:
    """The cache of the next state of a collection."""
    assert isinstance(cache, dict)  # noqa: S101 - as `empty_cache` makes it
    # Copies: another thread may fill the cache of the state before.
    later: dict[CacheSlot[Any], Any] = {
        slot: dict(value) for slot, value in list(cache.items()) if slot.outlives_changes
    }
    return later


def empty_cache() -> StateCache:
    """A cache without values."""
    return dict[CacheSlot[Any], Any]()
