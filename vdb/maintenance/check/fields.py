"""The check of declared fields: their postings are those of the payloads, no more and no less.

Both sides are added up by slot: each posting as a hash of its bytes, so that millions of them take
a few bytes a record. A slot whose sums differ is reported.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError, InvalidPayloadError
from vdb.index.fields import field_index, postings
from vdb.index.fields.field_index import Field
from vdb.model import pauses
from vdb.model.problem import Problem
from vdb.store import CollectionView, Snapshot
from vdb.store.format import keys
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.posting_leaves import SLOT_SIZE, posting

__all__ = ["check_fields"]

_MASK = 2**64 - 1


def check_fields(reader: Snapshot, view: CollectionView) -> Iterator[Problem]:
    """Problems of the postings of all declared fields of a collection."""
    header = view.header
    declared = field_index.declared(header)
    if not declared:
        return
    sums = [np.zeros(header.slots, dtype=np.uint64) for _ in declared]
    for field, total in zip(declared, sums, strict=True):
        yield from _postings(reader, view, field, total)
    built = [line["built"] for line in header.fields]
    live = np.zeros(header.slots, dtype=np.bool_)
    for slot, payload in _payloads(reader, view, live):
        for field, total, end in zip(declared, sums, built, strict=True):
            if slot < end:  # slots that indexing has not reached may have some of their postings
                yield from _check_record(header, field, slot, payload, int(total[slot]))
    for field, total in zip(declared, sums, strict=True):
        for slot in np.flatnonzero((total != 0) & ~live).tolist():
            yield Problem(
                _where(header, field), f"has postings of slot {slot}, which has no record"
            )


def _postings(
    reader: Snapshot, view: CollectionView, field: Field, total: NDArray[np.uint64]
) -> Iterator[Problem]:
    """Add up the hashes of a field's postings by slot."""
    header = view.header
    for leaf in postings.walk(reader, view, field.number):
        if isinstance(leaf, CorruptedError):
            yield Problem(_where(header, field), leaf.found)
            continue
        for entry in pauses.paced(leaf):
            slot = int.from_bytes(entry[-SLOT_SIZE:], "big")
            if slot >= header.slots:
                yield Problem(
                    _where(header, field), f"leads to slot {slot}; there are {header.slots}"
                )
            else:
                total[slot] ^= np.uint64(hash(entry) & _MASK)


def _payloads(
    reader: Snapshot, view: CollectionView, live: NDArray[np.bool_]
) -> Iterator[tuple[int, object]]:
    """Slots and payloads of the records that can be read; the others are reported elsewhere.

    Both are marked in `live`.
    """
    header = view.header
    prefix = keys.within(KeyKind.RECORD, header.number)
    for key, _ in reader.items(prefix):
        slot = int.from_bytes(key[len(prefix) :], "big")
        if slot >= header.slots:
            continue
        live[slot] = True
        try:
            yield slot, reader.record(view, slot)[1]
        except CorruptedError:
            continue


def _check_record(
    header: CollectionHeader,
    field: Field,
    slot: int,
    payload: object,
    total: int,
) -> Iterator[Problem]:
    """One record against the sum of its postings."""
    where = f"{_where(header, field)}, record at slot {slot}"
    expected = 0
    try:
        for term in field_index.terms_of(field, payload):
            expected ^= hash(posting(term, slot)) & _MASK
    except InvalidPayloadError as error:
        yield Problem(where, error.message)
        return
    if total != expected:
        yield Problem(where, "its postings are not those of its payload")


def _where(header: CollectionHeader, field: Field) -> str:
    return f"collection {header.name!r}, field {field.path!r}"
