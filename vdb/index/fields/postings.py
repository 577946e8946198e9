"""Postings of declared fields: which slots have which terms; see `format.leaves`.

A term is bytes here, whatever it means.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import abc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.index.fields import postings_cache
from vdb.index.fields.postings_cache import CachedPostings, Places, ValueOf
from vdb.index.types import Reader, View
from vdb.kernel import postings_to_bits, postings_to_mask
from vdb.model import pauses
from vdb.store import Batch, WritableCollection
from vdb.store.format import keys, posting_leaves
from vdb.store.format.checksums import SEAL_SIZE
from vdb.store.format.posting_leaves import Leaf
from vdb.store.format.terms import AFTER_VALUES, VALUE, TermRange

__all__ = [
    "bits_of",
    "change",
    "drop",
    "slots_of",
    "slots_of_values",
    "value_leaves",
    "walk",
]

Bits: TypeAlias = tuple[NDArray[np.uint8], int]

_NONE: Final = np.zeros(0, np.uint32)


def slots_of(
    reader: Reader, view: View, field: int, ranges: Sequence[TermRange]
) -> NDArray[np.bool_]:
    """Which slots have a term in one of the ranges (in order, apart): bool, shape (slots,).

    Raises:
        CorruptedError: A leaf on the way is damaged.
    """
    cached = postings_cache.cached(reader, view, field)
    if cached is not None:
        return _marked(view, field, cached.slots, cached.inside(ranges))
    parts = list(_inside(reader, view, field, ranges))
    postings_cache.count_leaves(reader, view, field, len(parts))
    slots = parts[0] if len(parts) == 1 else np.concatenate([_NONE, *parts])
    return _marked(view, field, slots, (np.zeros(1, np.int64), np.array([len(slots)], np.int64)))


def slots_of_values(
    reader: Reader, view: View, field: int, values: abc.Collection[Any], value_of: ValueOf
) -> tuple[NDArray[np.bool_], bool] | None:
    """Which slots have one of many values.

    They are looked up in a table, once the field's postings are cached and the table is made.

    Returns:
        Bool, shape (slots,), and whether that is all: other slots may have one of the values when
        there are terms that stand for several. None where `slots_of` is due.
    """
    cached = postings_cache.cached(reader, view, field)
    table = None if cached is None else cached.table(values, value_of)
    if cached is None or table is None:
        return None
    return _marked(view, field, cached.slots, table.places(values)), table.whole


def bits_of(view: View, field: int, cached: CachedPostings, terms: TermRange) -> Bits:
    """Which slots have a term in one range, of postings that are cached.

    Returns:
        uint8: bit s mod 8 (the lowest is 0) of byte s div 8 for slot s; and how many are set.

    Raises:
        CorruptedError: The postings are damaged.
    """
    slots = view.header.slots
    bits = np.zeros((slots + 7) // 8, np.uint8)
    with _naming(view, field):
        return bits, postings_to_bits(bits, cached.slots, *cached.inside([terms]), slots)


def _marked(view: View, field: int, slots: NDArray[np.uint32], places: Places) -> NDArray[np.bool_]:
    marks = np.zeros(view.header.slots, dtype=np.bool_)
    with _naming(view, field):
        postings_to_mask(marks.view(np.uint8), slots, *places)
    return marks


@contextmanager
def _naming(view: View, field: int) -> Iterator[None]:
    """Damage that is met inside is that of a field."""
    try:
        yield
    except CorruptedError as error:
        raise CorruptedError(
            error.message, where=f"collection {view.header.name!r}, field {field}"
        ) from None


def value_leaves(
    reader: Reader, view: View, field: int, low: bytes = VALUE, high: bytes = AFTER_VALUES
) -> Iterator[tuple[list[bytes], Sequence[int], NDArray[np.uint32]]]:
    """The terms of values from `low` on and below `high`, a leaf at a time.

    A term with many slots may go on in the next leaf.

    Yields:
        Terms; where in the slots those of each begin, and the last ones end; slots.

    Raises:
        CorruptedError: A leaf is damaged.
    """
    cached = postings_cache.cached(reader, view, field)
    if cached is None:
        leaves = list(_leaves(reader, view, field, low, high))
        postings_cache.count_leaves(reader, view, field, len(leaves))
    else:
        leaves = cached.leaves(low, high)
    for leaf in leaves:
        if len(leaf.slots) and int(leaf.slots.max()) >= view.header.slots:
            raise CorruptedError(
                f"a posting names a slot beyond {view.header.slots}",
                where=f"collection {view.header.name!r}, field {field}",
            )
        terms, ends = leaf.terms()
        first, last = bisect_left(terms, low), bisect_left(terms, high)
        yield terms[first:last], ends[first : last + 1], leaf.slots


def _leaves(reader: Reader, view: View, field: int, low: bytes, high: bytes) -> Iterator[Leaf]:
    """The leaves in which terms between these may be."""
    prefix = keys.field(view.header.number, field)
    unwrap = reader.seal.unwrap
    for key, value in reader.items(prefix, start=prefix + low, until=prefix + high):
        yield Leaf(unwrap(key, value), f"key {key.hex()}")


def _inside(
    reader: Reader, view: View, field: int, ranges: Sequence[TermRange]
) -> Iterator[NDArray[np.uint32]]:
    """The slots of the terms in the ranges, leaf by leaf. Each leaf is read once."""
    prefix = keys.field(view.header.number, field)
    size = len(prefix)
    unwrap = reader.seal.unwrap
    at = 0
    while at < len(ranges):
        low, high = ranges[at]
        at += 1
        beyond = False  # whether all terms of this leaf are known to lie beyond `low`
        for key, value in reader.items(prefix, start=prefix + low, until=prefix + high):
            leaf, bound = Leaf(unwrap(key, value), f"key {key.hex()}"), key[size:]
            yield leaf.slots if beyond and bound < high else leaf.between(low, high)
            beyond = True
            # Further ranges that end in this leaf also begin in it.
            while high <= bound and at < len(ranges) and ranges[at][1] <= bound:
                yield leaf.between(*ranges[at])
                at += 1


def change(
    batch: Batch,
    coll: WritableCollection,
    field: int,
    added: Iterable[bytes],
    removed: Iterable[bytes],
) -> None:
    """Adds and removes postings; adding what is there and removing what is not does nothing."""
    new = set(pauses.paced(added))
    old = set(removed) - new
    pauses.pace()
    changes = pauses.in_order(new | old)
    prefix = keys.field(coll.header.number, field)
    room = batch.small_block - SEAL_SIZE
    at = 0
    while at < len(changes):
        start = prefix + changes[at]
        key, value = next(
            batch.items(prefix, start=start, until=start), (prefix + posting_leaves.LAST, b"")
        )
        bound = key[len(prefix) :]
        end = at
        while end < len(changes) and changes[end] <= bound:
            end += 1
        pauses.pace()
        here = set(changes[at:end])
        at = end
        before = Leaf(batch.seal.unwrap(key, value), f"key {key.hex()}").postings() if value else []
        pauses.pace()
        gained = here & new
        pauses.pace()
        after = set(before) | gained
        pauses.pace()
        after -= here & old
        if len(after) == len(before) and after.issuperset(before):
            continue
        _put(batch, key, bound, posting_leaves.cut(pauses.in_order(after), room), prefix)
    coll.touched = True


def _put(
    batch: Batch,
    key: bytes,
    bound: bytes,
    pieces: list[tuple[list[bytes], bytes]],
    prefix: bytes,
) -> None:
    """Puts what became of one leaf: the last piece keeps its bound."""
    if not pieces:
        batch.delete(key)
        return
    for postings, body in pieces[:-1]:
        batch.put_sealed(prefix + postings[-1], body)
    batch.put_sealed(prefix + bound, pieces[-1][1])


def drop(batch: Batch, coll: WritableCollection, field: int) -> None:
    """Removes all postings of a field."""
    batch.delete_all(keys.field(coll.header.number, field))
    coll.touched = True


def walk(reader: Reader, view: View, field: int) -> Iterator[list[bytes] | CorruptedError]:
    """For the check: all postings, leaf by leaf, and the damage that was met in their place."""
    prefix = keys.field(view.header.number, field)
    last = b""
    for key, value in reader.items(prefix):
        where, bound = f"key {key.hex()}", key[len(prefix) :]
        try:
            postings = Leaf(reader.seal.unwrap(key, value), where).postings()
            if not last < postings[0] or postings[-1] > bound:
                raise CorruptedError("a leaf holds postings beyond its bounds", where=where)  # noqa: TRY301 - yielded like the others
            yield postings
        except CorruptedError as error:
            yield error
        last = bound
