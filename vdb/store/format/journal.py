"""The journal of a commit: which blocks it wrote, so that other processes forget just those.

A map with the numbers of all collections that the commit touched in any way, created and dropped
ones included::

    {collection: [[generation, kind, level, numbers], ...]}

``numbers`` are the blocks' numbers, u32 little-endian one after the other, in rising order, or nil
for all blocks of that table. The journals of the last `KEPT` commits are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.store.format.packing import pack, unpack

__all__ = ["KEPT", "MOST_NUMBERS", "Changes", "Journal", "merge"]

KEPT = 128
"""Commits whose journals are kept; a reader further behind starts over."""

MOST_NUMBERS = 4096
"""Numbers listed for one table; more are stored as nil."""

Table: TypeAlias = tuple[int, int, int]
"""(generation, kind, level)"""

Changes: TypeAlias = dict[Table, NDArray[np.uint32] | None]
"""Rewritten blocks of one collection by table; None stands for all of them."""

Journal: TypeAlias = dict[int, Changes]
"""Changes by collection number."""


def encode(journal: Mapping[int, Changes], *, largest: int) -> bytes:
    """The record, not sealed, at most `largest` bytes as long as that can be reached.

    The longest lists give way to nil first: a journal must not become a value of several pages.
    """
    listed = {
        (collection, table): np.sort(numbers).astype("<u4").tobytes()
        for collection, changes in journal.items()
        for table, numbers in changes.items()
        if numbers is not None and len(numbers) <= MOST_NUMBERS
    }
    while True:
        body = pack(
            {
                collection: [[*table, listed.get((collection, table))] for table in changes]
                for collection, changes in journal.items()
            }
        )
        if len(body) <= largest or not listed:
            return body
        del listed[max(listed, key=lambda entry: len(listed[entry]))]


def decode(body: bytes, commit: int, *, of: AbstractSet[int] | None = None) -> Journal:
    """The journal of `commit`; CorruptedError on anything that `encode` would not have written.

    With `of`, the entries of these collections alone: of others, nothing is looked at.
    """
    where = f"key 02 (journal of commit {commit})"
    stored = unpack(body, where, int_keys=True)
    if type(stored) is not dict:
        raise CorruptedError(f"expected a map, got {type(stored).__name__}", where=where)
    journal: Journal = {}
    for collection in stored if of is None else stored.keys() & of:
        entries = stored[collection]
        if not _is_whole(collection, 0xFFFFFFFF) or type(entries) is not list:
            raise CorruptedError("expected lists by collection number", where=where)
        journal[collection] = dict(_entry(entry, where) for entry in entries)
    return journal


def _entry(entry: Any, where: str) -> tuple[Table, NDArray[np.uint32] | None]:
    if type(entry) is list and len(entry) == 4:
        generation, kind, level, numbers = entry
        table = (generation, kind, level)
        if all(map(_is_whole, table, (0xFFFFFFFF, 0xFF, 0xFF))):
            if numbers is None:
                return table, None
            if type(numbers) is bytes and len(numbers) % 4 == 0:
                return table, np.frombuffer(numbers, "<u4").astype(np.uint32)
    raise CorruptedError("entry: expected [generation, kind, level, numbers]", where=where)


def _is_whole(value: Any, highest: int) -> bool:
    return type(value) is int and 0 <= value <= highest


def merge(older: Mapping[Table, NDArray[np.uint32] | None], newer: Changes) -> Changes:
    """What two commits rewrote together."""
    merged = dict(older)
    for table, numbers in newer.items():
        if table not in merged:
            merged[table] = numbers
            continue
        known = merged[table]
        merged[table] = None if known is None or numbers is None else np.union1d(known, numbers)
    return merged
