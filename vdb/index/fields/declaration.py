"""Declaring a field of a collection that has records already, and dropping one by its number.

The postings are built over any number of commits, so that other writers get their turn. From the
first commit on, the field is in the header with how far it is built, and every writer keeps the
postings of the records that it writes up to date, built so far or not. The build adds the postings
of all records, slot by slot; adding a posting that is there does nothing, so the order does not
matter. Filters use a field once it is built. When the field is declared again, an interrupted build
resumes where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TypeAlias

from vdb.errors import InvalidArgumentError, InvalidPayloadError, NotFoundError
from vdb.index.fields import field_index, postings
from vdb.model import pauses
from vdb.model.arguments import shown
from vdb.model.filters.field_types import MOST_FIELDS
from vdb.model.records import Id, Payload
from vdb.store import Batch, WritableCollection
from vdb.store.format import keys
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.limits import NO_SLOT
from vdb.store.format.posting_leaves import posting

__all__ = ["Writing", "declare", "drop", "new_number", "records"]

_RECORDS_AT_ONCE = 10_000

Writing: TypeAlias = Callable[[], AbstractContextManager[tuple[Batch, WritableCollection]]]
"""The collection inside a batch: the caller's own, or one that is a commit by itself."""


def declare(writing: Writing, path: str, kind: str) -> None:
    """Declares a field and builds its postings, about 10,000 records a commit.

    Raises:
        InvalidArgumentError: It is declared with another type; or there are too many.
        InvalidPayloadError: A record holds what does not fit; the field is not declared then.
    """
    with writing() as (batch, coll):
        number = _announce(coll, path, kind)
    try:
        done = False
        while not done:
            with writing() as (batch, coll):
                done = _build(batch, coll, number)
    except InvalidPayloadError:
        with writing() as (batch, coll):
            drop(batch, coll, number)
        raise


def _announce(coll: WritableCollection, path: str, kind: str) -> int:
    header = coll.header
    for line in header.all_fields:
        if line["path"] == path:
            if line["type"] != kind:
                raise InvalidArgumentError(
                    f"field {shown(path)} of collection {header.name!r} is declared as "
                    f"{line['type']}; drop_field makes room for another type",
                    expected=line["type"],
                    received=kind,
                )
            return int(line["number"])
    number = new_number(header)
    header.fields.append({"number": number, "path": path, "type": kind, "built": 0})
    return number


def new_number(header: CollectionHeader) -> int:
    """The number of one more field; InvalidArgumentError where there are as many as can be."""
    if len(header.all_fields) >= MOST_FIELDS:
        raise InvalidArgumentError(
            f"collection {header.name!r} has {MOST_FIELDS} declared fields already, the most "
            "there can be",
            expected=MOST_FIELDS,
            received=MOST_FIELDS + 1,
        )
    number = header.next_field
    header.next_field += 1
    return number


def _build(batch: Batch, coll: WritableCollection, number: int) -> bool:
    """Adds the postings of the next records; whether the field is built then."""
    place = _place(coll.header, number)
    if place is None:
        raise NotFoundError("the field was dropped while it was being built", received=number)
    line = coll.header.fields[place]
    if line["built"] == NO_SLOT:
        return True
    field = field_index.declared(coll.header)[place]
    new: set[bytes] = set()
    end = min(coll.header.slots, line["built"] + _RECORDS_AT_ONCE)
    for slot, record_id, payload in pauses.paced(records(batch, coll, line["built"], end)):
        terms = field_index.terms_of_record(record_id, field, payload)
        new.update(posting(term, slot) for term in terms)
    with batch.changing():
        postings.change(batch, coll, number, added=new, removed=())
    done: bool = end == coll.header.slots
    line["built"] = NO_SLOT if done else end
    return done


def records(
    batch: Batch, coll: WritableCollection, start: int, end: int
) -> Iterator[tuple[int, Id, Payload]]:
    """Slots from `start` on and below `end` that hold a record, with what they hold."""
    number = coll.header.number
    prefix = keys.within(KeyKind.RECORD, number)
    first, last = keys.record(number, start), keys.record(number, end)
    for key, _ in batch.items(prefix, start=first, until=last):
        slot = int.from_bytes(key[len(prefix) :], "big")
        if slot < end:
            yield slot, *batch.record(coll, slot)


def drop(batch: Batch, coll: WritableCollection, number: int) -> None:
    """Forgets a field and removes its postings; nothing where it is not declared."""
    place = _place(coll.header, number)
    if place is not None:
        with batch.changing():
            postings.drop(batch, coll, number)
            del coll.header.fields[place]


def _place(header: CollectionHeader, number: int) -> int | None:
    numbers = [line["number"] for line in header.fields]
    return numbers.index(number) if number in numbers else None
