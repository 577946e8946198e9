"""The words of a damaged collection's text fields.

Texts that payloads have are analyzed again, by an analyzer of the stored name and version. Where
there is none, or the texts are not kept, words are taken from the segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vdb.errors import AnalyzerMismatchError, CorruptedError
from vdb.index.text import segments
from vdb.index.text.analysis import Analyzers, Words, words_of
from vdb.index.text.deleted_documents import is_set, stored_bits
from vdb.index.text.record_texts import shared_words
from vdb.index.text.segments import OpenSegment
from vdb.index.text.text_fields import TextField, declared
from vdb.model.text_field import Analyzer
from vdb.store import Environment, Snapshot
from vdb.store.format import keys
from vdb.store.format import payloads as payload_format
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind

__all__ = ["SalvagedTexts"]


class _Place(NamedTuple):
    segment: OpenSegment
    document: int


class _FieldWords(NamedTuple):
    """Where the words of one field come from.

    Attributes:
        field: The field.
        analyzer: Analyzes the texts of payloads; None: the words of segments are taken.
        places: Of slots, where their words are.
    """

    field: TextField
    analyzer: Analyzer | None
    places: dict[int, _Place]


class SalvagedTexts:
    """The words of all text fields of a collection.

    Attributes:
        lost: Numbers of stored fields whose words cannot be had: they are not to be declared.
        notes: What is lost, in words.
    """

    def __init__(
        self, env: Environment, header: CollectionHeader, analyzers: Analyzers, *, number: int
    ) -> None:
        """`header`: with the fields that are finished; `number`: of the collection in the file."""
        self.lost: set[int] = set()
        self.notes: list[str] = []
        self._fields: list[_FieldWords] = []
        self._shared: dict[str, str] = {}
        self._snapshot: Snapshot | None = None
        if not header.text_fields:
            return
        self._snapshot = env.snapshot()  # the segments are read in place
        for field in declared(header):
            try:
                analyzer = analyzers.analyzer_of(header, field)
            except AnalyzerMismatchError:
                analyzer = None
            if field.stored and analyzer is not None:
                self._fields.append(_FieldWords(field, analyzer, {}))
                continue
            places, whole = _places(self._snapshot, number, field)
            if field.stored and not whole:
                self.lost.add(field.number)
                self.notes.append(
                    f"text field {field.path} is not declared: its words cannot be read, and "
                    f"analyzer {field.analyzer!r} version {field.version!r} is not here"
                )
                continue
            if not whole:
                self.notes.append(
                    f"text field {field.path}: words of some records could not be read"
                )
            self._fields.append(_FieldWords(field, None, places))

    def close(self) -> None:
        """Let go of the damaged file."""
        if self._snapshot is not None:
            self._snapshot.close()

    def words(
        self, slots: Sequence[int], encoded: Sequence[bytes | None]
    ) -> list[list[Words]] | None:
        """The words of records, by slots and payloads; None where no text field is declared."""
        if not self._fields:
            return None
        return [
            [self._of_field(one, slot, body) for one in self._fields]
            for slot, body in zip(slots, encoded, strict=True)
        ]

    def _of_field(self, words: _FieldWords, slot: int, body: bytes | None) -> Words:
        field, analyzer, places = words
        if analyzer is not None:
            payload = None if body is None else payload_format.decode(body, "payload")
            return shared_words(words_of(analyzer, field, payload), self._shared)
        place = places.get(slot)
        if place is None or (field.stored and body is None):
            return None
        return shared_words(place.segment.kernel.tokens_of(place.document), self._shared)


def _places(reader: Snapshot, collection: int, field: TextField) -> tuple[dict[int, _Place], bool]:
    """Where the words of each slot are, and whether all segments can be read."""
    places: dict[int, _Place] = {}
    prefix = keys.of_field(KeyKind.SEGMENT, collection, field.number)
    try:
        text = segments.header_of(reader, collection, field.number)
        whole = bool(text.segments) or not any(reader.items(prefix))
    except CorruptedError:
        return places, False
    for counts in text.segments:
        try:
            segment = segments.unshared_segment(reader, collection, field.number, counts)
            segment.kernel.verify()
            bits = stored_bits(reader, collection, field.number, counts)
            slots = segment.slots.tolist()
        except CorruptedError:
            whole = False
            continue
        if not segment.kernel.positions:
            whole = False  # the order of the words is not kept, nor how often each occurs
            continue
        deleted = is_set(bits, np.arange(counts.documents)).tolist()
        for document, slot in enumerate(slots):
            if not deleted[document]:
                places[slot] = _Place(segment, document)
    return places, whole
