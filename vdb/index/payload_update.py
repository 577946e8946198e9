"""Changing single fields of payloads where they lie; vectors and other fields stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from vdb.errors import InvalidArgumentError, InvalidPayloadError
from vdb.index.fields import field_index
from vdb.index.ingest import RowFormat, slots_of_existing
from vdb.model import inputs, pauses
from vdb.model.filters.paths import find
from vdb.model.payload_changes import NoMapError, PayloadChange, change_from, changed
from vdb.model.payload_encoder import PayloadEncoder
from vdb.model.records import Id, Payload
from vdb.store import Batch, WritableCollection
from vdb.store.format import payloads as payload_format

if TYPE_CHECKING:
    from vdb.index.text.analysis import Analyzers

__all__ = ["Changes", "prepare_changes", "update_of_ids", "update_of_slots"]

Changes: TypeAlias = PayloadChange | list[PayloadChange]
"""One change for all records, or one for each."""


def prepare_changes(
    changes: object,
    rows: int | None,
    row_format: RowFormat,
    *,
    encoder: PayloadEncoder | None = None,
) -> Changes:
    """What can be checked before the writer lock is taken: paths and values.

    Args:
        changes: A mapping from paths to values, or a sequence of them or a table.
        rows: How many records there are; None where that is not known yet.
        row_format: What fields are declared as datetimes.
        encoder: Converts values that payloads cannot hold.
    """
    if changes is None:
        raise InvalidArgumentError(
            "update_payloads needs changes=, a dict from fields to values",
            expected="a dict",
            received=None,
        )
    if rows is None or inputs.is_mapping(changes):
        return _prepared(changes, "changes", row_format, encoder)
    return [
        _prepared(one, f"changes[{i}]", row_format, encoder)
        for i, one in enumerate(inputs.payload_list(changes, rows, one=False, name="changes"))
    ]


def _prepared(
    changes: object, place: str, row_format: RowFormat, encoder: PayloadEncoder | None
) -> PayloadChange:
    """A change with values as payloads hold them."""
    change = change_from(changes, place)
    tree: Payload = field_index.spelled(change.tree(), row_format.moments)
    tree = payload_format.decode(
        payload_format.encode(tree, encoder=encoder, place=place), "changes"
    )
    return change._replace(values=tuple((names, find(tree, names)) for names, _ in change.values))


def update_of_ids(
    batch: Batch,
    coll: WritableCollection,
    ids: list[Id],
    changes: Changes,
    *,
    analyzers: Analyzers | None = None,
) -> int:
    """Changes the payloads of these records; returns how many are not as they were.

    Of an id that is given twice the changes are made one after the other.

    Raises:
        NotFoundError: An id has no record.
        InvalidPayloadError: A payload would not be one any more, or not of its declared types.
    """
    slots = slots_of_existing(batch, coll, ids)
    return update_of_slots(batch, coll, slots, changes, analyzers=analyzers)


def update_of_slots(
    batch: Batch,
    coll: WritableCollection,
    slots: Sequence[int],
    changes: Changes,
    *,
    analyzers: Analyzers | None = None,
) -> int:
    """The same for the records at these slots."""
    places = list(dict.fromkeys(slots))
    ids, stored = batch.encoded(coll, places)
    before = dict(zip(places, stored.encoded, strict=True))
    payloads = dict(zip(places, stored, strict=True))
    del stored  # so that a payload is freed when it is replaced by the changed one
    names = dict(zip(places, ids, strict=True))
    each = [changes] * len(slots) if isinstance(changes, PayloadChange) else changes
    texts = None
    if coll.header.text_fields:
        from vdb.index.text.changed_texts import ChangedTexts

        texts = ChangedTexts(coll.header, payloads, zip(slots, each, strict=True))
    for slot, change in pauses.paced(zip(slots, each, strict=True)):
        payloads[slot] = _changed(names[slot], payloads[slot], change)
    if texts is not None:
        texts.analyze(names, payloads, analyzers)
    encoded: dict[int, bytes | None] = {}
    for slot, payload in pauses.paced(payloads.items()):
        body = _encoded(names[slot], payload)
        if body != before[slot]:
            encoded[slot] = body
    fields = field_index.declared(coll.header)
    after = [
        [field_index.terms_of_record(names[slot], field, payloads[slot]) for field in fields]
        for slot in pauses.paced(encoded)
    ]
    old = field_index.of_stored(batch, coll, list(encoded))
    with batch.changing():
        for slot, body in pauses.paced(encoded.items()):
            batch.put_encoded(coll, slot, names[slot], body)
        field_index.follow(batch, coll, list(encoded), before=old, after=after)
        if texts is not None:
            texts.follow(batch, coll)
    count = len(encoded if texts is None else encoded.keys() | texts.slots)
    for items in (payloads, before, encoded):
        pauses.let_go(items)
    return count


def _changed(record_id: Id, payload: Payload, change: PayloadChange) -> Payload:
    try:
        return changed(payload, change)
    except NoMapError as error:
        what = repr(error.path) if error.path else "its payload"
        raise InvalidPayloadError(
            f"record {record_id!r}: {what} is of type {error.kind}, which has no fields",
            path=error.path,
            expected="a dict",
            received=error.kind,
        ) from None


def _encoded(record_id: Id, payload: Payload) -> bytes | None:
    if payload is None:
        return None
    return payload_format.encode(payload, place=f"the payload of record {record_id!r}")
