"""Declaring a text field of a collection that has records already, and dropping one by its number.

As `fields.declaration` does it: over any number of commits, in the header from the first one on,
and followed by every writer since. A record that a writer has indexed meanwhile is indexed again
when the build comes to it, which changes nothing.
"""

from __future__ import annotations

from typing import Any

from vdb.errors import InvalidArgumentError, InvalidPayloadError, NotFoundError
from vdb.index.fields.declaration import Writing, new_number, records
from vdb.index.text import text_writer
from vdb.index.text.analysis import Analyzers
from vdb.index.text.record_texts import shared_words, words_of_record
from vdb.index.text.text_fields import declared, field_line
from vdb.model import pauses
from vdb.model.arguments import shown
from vdb.model.text_field import Text
from vdb.store import Batch, WritableCollection
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.limits import NO_SLOT

__all__ = ["declare", "drop", "require_same_text"]

_RECORDS_AT_ONCE = 10_000


def declare(writing: Writing, path: str, text: Text, analyzers: Analyzers) -> None:
    """Declares a text field and indexes its texts, about 10,000 records a commit.

    Raises:
        InvalidArgumentError: It is declared in another way, or there are too many; or its texts are
            not to be kept, and there are records.
        InvalidPayloadError: A record holds what is no text; the field is not declared then.
    """
    version = analyzers.version_of(text)
    with writing() as (batch, coll):
        number = _announce(coll, path, text, version)
    try:
        done = False
        while not done:
            with writing() as (batch, coll):
                done = _build(batch, coll, number, analyzers)
    except InvalidPayloadError:
        with writing() as (batch, coll):
            drop(batch, coll, number)
        raise


def _announce(coll: WritableCollection, path: str, text: Text, version: str) -> int:
    header = coll.header
    new = field_line(0, path, text, version, built=0)
    for line in header.all_fields:
        if line["path"] == path:
            require_same_text(header, line, new)
            return int(line["number"])
    if not text.stored and header.count:
        raise InvalidArgumentError(
            f"collection {header.name!r} has records, whose texts are kept; stored=False is for "
            "fields that are declared before there is one",
            expected="stored=True",
            received="stored=False",
        )
    number = new_number(header)
    header.text_fields.append(new | {"number": number})
    return number


def require_same_text(
    header: CollectionHeader, line: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Refuse a declared field that is not the text field that is expected; lines of headers."""
    stored, received = _described(line), _described(expected)
    if stored != received:
        raise InvalidArgumentError(
            f"field {shown(line['path'])} of collection {header.name!r} is declared as {stored}, "
            f"not as {received}; drop_field makes room for it",
            expected=stored,
            received=received,
        )


def _described(line: dict[str, Any]) -> str:
    how = line.get("text")
    if how is None:
        return str(line["type"])
    return (
        f"text(analyzer={how['analyzer']!r} version {how['version']!r}, stored={how['stored']}, "
        f"positions={how['positions']})"
    )


def _build(batch: Batch, coll: WritableCollection, number: int, analyzers: Analyzers) -> bool:
    """Indexes the texts of the next records; whether the field is built then."""
    place = _place(coll.header, number)
    if place is None:
        raise NotFoundError("the field was dropped while it was being built", received=number)
    line = coll.header.text_fields[place]
    if line["built"] == NO_SLOT:
        return True
    field = declared(coll.header)[place]
    end = min(coll.header.slots, line["built"] + _RECORDS_AT_ONCE)
    slots, words = [], []
    shared: dict[str, str] = {}
    for slot, record_id, payload in pauses.paced(records(batch, coll, line["built"], end)):
        own = words_of_record(analyzers, coll.header, field, record_id, payload)
        if own is not None:
            slots.append(slot)
            words.append(shared_words(own, shared))
    with batch.changing():
        text_writer.follow_field(batch, coll, field, slots, words)
    done: bool = end == coll.header.slots
    line["built"] = NO_SLOT if done else end
    return done


def drop(batch: Batch, coll: WritableCollection, number: int) -> None:
    """Forgets a text field and removes its words; nothing where it is not declared."""
    place = _place(coll.header, number)
    if place is not None:
        with batch.changing():
            text_writer.drop(batch, coll, number)
            del coll.header.text_fields[place]


def _place(header: CollectionHeader, number: int) -> int | None:
    numbers = [line["number"] for line in header.text_fields]
    return numbers.index(number) if number in numbers else None
