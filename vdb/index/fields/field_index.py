"""Declared fields: payloads are held to their types, and their postings follow every change.

Every writer calls `of_records` before it changes anything, which refuses payloads that do not fit,
and `follow` when it has: in the same commit, so that payloads and postings never differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from vdb.errors import InvalidPayloadError
from vdb.model import pauses
from vdb.model.filters.field_types import base_of
from vdb.model.filters.paths import find, names_of
from vdb.model.filters.values import spelling
from vdb.model.records import Id, Payload
from vdb.store import Batch, WritableCollection
from vdb.store.format import payloads as payload_format
from vdb.store.format import terms
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.limits import NO_SLOT
from vdb.store.format.posting_leaves import posting

__all__ = [
    "Field",
    "Moments",
    "declared",
    "follow",
    "line",
    "moments",
    "of_records",
    "of_stored",
    "spelled",
    "terms_of",
    "terms_of_record",
]

Terms: TypeAlias = list[set[bytes]]
"""The terms of one record, field by field as they stand in the header."""


Moments: TypeAlias = tuple[tuple[str, ...], ...]
"""Where payloads may be given a datetime: the paths of the fields that are declared as one."""


class Field(NamedTuple):
    """A line of the header, ready for use."""

    number: int
    path: str
    kind: str
    names: tuple[str, ...]


def line(number: int, path: str, kind: str) -> dict[str, Any]:
    """What stands in the header of a new collection for a field."""
    return {"number": number, "path": path, "type": kind, "built": NO_SLOT}


def declared(header: CollectionHeader) -> list[Field]:
    """The declared fields of a collection, those that are being built included."""
    return [
        Field(line["number"], line["path"], line["type"], names_of(line["path"]))
        for line in header.fields
    ]


def moments(header: CollectionHeader) -> Moments:
    """The fields that are declared as moments in time, or as lists of them."""
    return tuple(field.names for field in declared(header) if base_of(field.kind) == "datetime")


def spelled(payload: Payload, where: Moments) -> Payload:
    """The payload with the datetimes of these fields as text in ISO 8601, as they are stored."""
    for names in where:
        payload = _spelled(payload, names)
    return payload


def _spelled(value: Any, names: tuple[str, ...]) -> Any:
    """A copy where something changed, else the same."""
    if not names:
        if type(value) is list or (isinstance(value, np.ndarray) and value.ndim == 1):
            return [spelling(one) for one in value]
        return spelling(value)
    if type(value) is not dict or names[0] not in value:
        return value
    inner = value[names[0]]
    text = _spelled(inner, names[1:])
    return value if text is inner else {**value, names[0]: text}


def of_records(header: CollectionHeader, encoded: Sequence[bytes | None]) -> list[Terms]:
    """The terms of several payloads as they were encoded; empty where no field is declared.

    Raises:
        InvalidPayloadError: A value does not fit its field's type; names the row and the place.
    """
    fields = declared(header)
    if not fields:
        return []
    records = []
    for row, body in enumerate(pauses.paced(encoded)):
        payload = None if body is None else payload_format.decode(body, "payload")
        records.append([terms_of(field, payload, row=row) for field in fields])
    return records


def of_stored(batch: Batch, coll: WritableCollection, slots: Sequence[int]) -> list[Terms]:
    """The terms of records as they lie there now; empty where no field is declared.

    What does not fit, as may be while a field is being built, has no postings.
    """
    fields = declared(coll.header)
    if not fields:
        return []
    return [
        [terms.terms(field.kind, find(payload, field.names)) or set() for field in fields]
        for _, payload in pauses.paced(batch.records(coll, list(slots)))
    ]


def terms_of_record(record_id: Id, field: Field, payload: Payload) -> set[bytes]:
    """`terms_of` of a stored record; the error names its id."""
    try:
        return terms_of(field, payload)
    except InvalidPayloadError as error:
        raise InvalidPayloadError(
            f"record {record_id!r}: {error.message}",
            path=error.path,
            expected=error.expected,
            received=error.received,
        ) from None


def terms_of(field: Field, payload: Payload, *, row: int | None = None) -> set[bytes]:
    """The terms of one field of a payload; InvalidPayloadError where it does not fit the type."""
    value = find(payload, field.names)
    own = terms.terms(field.kind, value)
    if own is not None:
        return own
    place = "payload" if row is None else f"payloads[{row}]"
    path = "".join(f"[{name!r}]" for name in field.names)
    shown = repr(value) if len(repr(value)) <= 64 else f"{repr(value)[:64]}..."
    raise InvalidPayloadError(
        f"{place}{path}: field {field.path!r} is declared as {field.kind}, got "
        f"{type(value).__name__} {shown}",
        row=row,
        path=path,
        expected=field.kind,
        received=value,
    )


def follow(
    batch: Batch,
    coll: WritableCollection,
    slots: Sequence[int],
    *,
    before: Sequence[Terms] = (),
    after: Sequence[Terms] = (),
) -> None:
    """Brings the postings from what the records at these slots had to what they have now.

    Of a slot that is named twice the last terms count. The terms are let go of: to free all at once
    takes longer than another thread should wait for the GIL.
    """
    for place, line in enumerate(coll.header.fields):
        old = _postings(slots, before, place)
        new = _postings(slots, after, place)
        pauses.pace()
        if old != new:
            from vdb.index.fields import postings

            pauses.pace()
            added = new - old
            pauses.pace()
            postings.change(batch, coll, line["number"], added=added, removed=old - new)
        pauses.let_go(old)
        pauses.let_go(new)
    for terms_of_record in pauses.paced(chain(before, after)):
        terms_of_record.clear()


def _postings(slots: Sequence[int], records: Sequence[Terms], place: int) -> set[bytes]:
    by_slot = dict(zip(slots, records, strict=True)) if records else {}
    pauses.pace()
    return {
        posting(term, slot)
        for slot, fields in pauses.paced(by_slot.items())
        for term in fields[place]
    }
