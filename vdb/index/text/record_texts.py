"""The texts of records that are written: their words, and payloads without texts that are not kept.

Every writer calls `of_payloads` before it changes anything, which refuses what is no text, and
`text_writer.follow` when it has, in the same commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from vdb.errors import InvalidPayloadError
from vdb.index.text.analysis import Analyzers, Words, words_of
from vdb.index.text.text_fields import TextField, declared
from vdb.model import pauses
from vdb.model.filters.paths import MISSING, find
from vdb.model.records import Id, Payload
from vdb.store.format import payloads as payload_format
from vdb.store.format.headers import CollectionHeader

__all__ = ["RecordTexts", "of_payloads", "shared_words", "without_texts", "words_of_record"]

_FEW = 64  # rows, whose words are not made the same objects


class RecordTexts(NamedTuple):
    """The texts of several records.

    Attributes:
        words: Of each record the words of each field, as `declared` lists them; empty where no text
            field is declared.
        payloads: The payloads as they are stored.
    """

    words: list[list[Words]]
    payloads: list[bytes | None]


def of_payloads(
    header: CollectionHeader, encoded: list[bytes | None], analyzers: Analyzers
) -> RecordTexts:
    """The texts of payloads as they were encoded.

    Raises:
        InvalidPayloadError: A field is no text; names the row and the place.
        AnalyzerMismatchError: The words of a field are of an analyzer that is not here.
    """
    fields = declared(header)
    if not fields:
        return RecordTexts([], encoded)
    known = [analyzers.analyzer_of(header, field) for field in fields]
    payloads = encoded
    if not all(field.stored for field in fields):
        payloads = list(encoded)
    words: list[list[Words]] = []
    shared: dict[str, str] = {}
    for row, body in enumerate(pauses.paced(encoded)):
        if body is None:
            words.append([None] * len(fields))
            continue
        payload = payload_format.decode(body, "payload")
        try:
            own = [words_of(*pair, payload) for pair in zip(known, fields, strict=True)]
        except InvalidPayloadError as error:
            raise _in_row(error, row) from None
        words.append(own if len(encoded) <= _FEW else [shared_words(one, shared) for one in own])
        if payloads is not encoded and without_texts(payload, fields):
            payloads[row] = payload_format.encode(payload)
    return RecordTexts(words, payloads)


def words_of_record(
    analyzers: Analyzers,
    header: CollectionHeader,
    field: TextField,
    record_id: Id,
    payload: Payload,
) -> Words:
    """The words of one field of a stored record; the error names its id."""
    analyzer = analyzers.analyzer_of(header, field)
    try:
        return words_of(analyzer, field, payload)
    except InvalidPayloadError as error:
        raise InvalidPayloadError(
            f"record {record_id!r}: {error.message}",
            path=error.path,
            expected=error.expected,
            received=error.received,
        ) from None


def shared_words(words: Words, shared: dict[str, str]) -> Words:
    """The same words, equal ones as one object: of many texts they take far less memory."""
    if words is None:
        return None
    share = shared.setdefault
    return [None if word is None else share(word, word) for word in words]


def without_texts(payload: Any, fields: Sequence[TextField]) -> bool:
    """Remove the texts that are not kept from a payload; whether there was one."""
    removed = False
    for field in fields:
        if field.stored:
            continue
        holder = find(payload, field.names[:-1])
        if type(holder) is dict and holder.pop(field.names[-1], MISSING) is not MISSING:
            removed = True
    return removed


def _in_row(error: InvalidPayloadError, row: int) -> InvalidPayloadError:
    return InvalidPayloadError(
        error.message.replace("payload", f"payloads[{row}]", 1),
        row=row,
        path=error.path,
        expected=error.expected,
        received=error.received,
    )
