"""The check of text fields: segments, what headers count, and the words of the records.

Every segment is read whole. Words are compared with the texts analyzed again, where the texts are
kept and the analyzer is one of vdb's in the stored version; else it is compared which records have
a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.errors import AnalyzerMismatchError, CorruptedError, InvalidPayloadError
from vdb.index.text import segments
from vdb.index.text.analysis import NAMED, Words, words_of
from vdb.index.text.deleted_documents import CHUNK, is_set, stored_bits
from vdb.index.text.segments import OpenSegment
from vdb.index.text.text_fields import TextField, declared
from vdb.maintenance.check.steps import problem_of
from vdb.model import pauses
from vdb.model.filters.paths import MISSING, find
from vdb.model.problem import Problem
from vdb.model.records import Payload
from vdb.model.text_field import Analyzer
from vdb.store import CollectionView, Snapshot
from vdb.store.format import keys
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.text_header import SegmentCounts, TextHeader

__all__ = ["check_texts"]


class _Documents(NamedTuple):
    """The living documents of a field.

    Attributes:
        segments: Its segments.
        segment: Of each slot the place of its segment among them, -1 for none.
        ordinal: Of each slot its document there.
    """

    segments: list[OpenSegment]
    segment: NDArray[np.int32]
    ordinal: NDArray[np.uint32]


def check_texts(reader: Snapshot, view: CollectionView) -> Iterator[Problem]:
    """Problems of all text fields of a collection."""
    for field, line in zip(declared(view.header), view.header.text_fields, strict=True):
        try:
            header = segments.header_of(reader, view.header.number, field.number)
        except CorruptedError as error:
            yield problem_of(error)
            continue
        yield from _stray_keys(reader, view, field, header)
        documents = _Documents(
            [],
            np.full(view.header.slots, -1, np.int32),
            np.zeros(view.header.slots, np.uint32),
        )
        sound = True
        for problem in _segments(reader, view, field, header, documents):
            sound = False
            yield problem
        if sound:
            yield from _records(reader, view, field, documents, line["built"])


def _stray_keys(
    reader: Snapshot, view: CollectionView, field: TextField, header: TextHeader
) -> Iterator[Problem]:
    """Parts and chunks that belong to no segment."""
    collection = view.header.number
    parts = {counts.number: counts.parts for counts in header.segments}
    chunks = {
        counts.number: -(-counts.documents // (8 * CHUNK)) if counts.deleted else 0
        for counts in header.segments
    }
    for kind, most in ((KeyKind.SEGMENT, parts), (KeyKind.DELETED, chunks)):
        for key, _ in reader.items(keys.of_field(kind, collection, field.number)):
            try:
                place = keys.decode(key)
            except CorruptedError:
                continue  # reported by the walk over all keys
            if (place.number or 0) >= most.get(place.segment or 0, 0):
                yield Problem(
                    str(place), f"{_where(view.header, field)} has no such segment or part"
                )


def _segments(
    reader: Snapshot,
    view: CollectionView,
    field: TextField,
    header: TextHeader,
    documents: _Documents,
) -> Iterator[Problem]:
    """Segments and their deleted documents; enters what lives into `documents`."""
    where = _where(view.header, field)
    nonempty = length_sum = 0
    whole = True
    for place, counts in enumerate(header.segments):
        own = f"{where}, segment {counts.number}"
        try:
            segment = segments.stored_segment(reader, view, field.number, counts)
            segment.kernel.verify()
            living = _living(reader, view, field, counts)
        except CorruptedError as error:
            whole = False
            yield problem_of(error)
            continue
        if segment.kernel.positions != field.positions:
            yield Problem(own, "has positions, or lacks them, unlike the field")
        documents.segments.append(segment)
        slots, lengths = segment.slots[living], segment.lengths[living]
        nonempty += int(np.count_nonzero(lengths))
        length_sum += int(lengths.sum(dtype=np.int64))
        inside = slots < view.header.slots
        for slot in slots[~inside].tolist():
            yield Problem(own, f"leads to slot {slot}; there are {view.header.slots}")
        slots, living = slots[inside], living[inside]
        for slot in slots[documents.segment[slots] >= 0].tolist():
            yield Problem(own, f"the record at slot {slot} has a text in another segment too")
        documents.segment[slots] = place
        documents.ordinal[slots] = living
    if whole and (nonempty, length_sum) != (header.nonempty, header.length_sum):
        yield Problem(
            where,
            f"counts {header.nonempty} texts with words and {header.length_sum} words; there are "
            f"{nonempty} and {length_sum}",
        )


def _living(
    reader: Snapshot,
    view: CollectionView,
    field: TextField,
    counts: SegmentCounts,
) -> NDArray[np.int64]:
    """The documents of a segment that are not deleted."""
    ordinals = np.arange(counts.documents)
    bits = stored_bits(reader, view.header.number, field.number, counts)
    return ordinals[~is_set(bits, ordinals)]


def _records(
    reader: Snapshot, view: CollectionView, field: TextField, documents: _Documents, built: int
) -> Iterator[Problem]:
    """The texts of the records against the documents."""
    header = view.header
    analyzer: Analyzer | None
    try:
        analyzer = NAMED.analyzer_of(header, field)
    except AnalyzerMismatchError:
        analyzer = None
    live = np.zeros(header.slots, np.bool_)
    for slot, payload in _payloads(reader, view, live):
        if slot < built:  # others may have been indexed or not
            reason = _difference(field, documents, slot, payload, analyzer)
            if reason is not None:
                yield Problem(f"{_where(header, field)}, record at slot {slot}", reason)
    for slot in np.flatnonzero((documents.segment >= 0) & ~live).tolist():
        yield Problem(_where(header, field), f"has words of slot {slot}, which has no record")


def _payloads(
    reader: Snapshot, view: CollectionView, live: NDArray[np.bool_]
) -> Iterator[tuple[int, Payload]]:
    """Slots and payloads of the records that can be read; all are marked in `live`."""
    prefix = keys.within(KeyKind.RECORD, view.header.number)
    for key, _ in reader.items(prefix):
        slot = int.from_bytes(key[len(prefix) :], "big")
        if slot < view.header.slots:
            live[slot] = True
            try:
                yield slot, reader.record(view, slot)[1]
            except CorruptedError:
                continue  # reported by the walk over records


def _difference(
    field: TextField,
    documents: _Documents,
    slot: int,
    payload: Payload,
    analyzer: Analyzer | None,
) -> str | None:
    """In what the words of a record are not those of its text; None for nothing."""
    place = int(documents.segment[slot])
    value = find(payload, field.names)
    if not field.stored:
        return None if value is MISSING else "its payload has the text, which is not to be kept"
    has_text = value is not MISSING and value is not None
    if has_text != (place >= 0):
        return "its text is not indexed" if has_text else "it has words, and its payload no text"
    if not has_text or analyzer is None:
        return None
    try:
        words = words_of(analyzer, field, payload)
    except InvalidPayloadError as error:
        return error.message
    segment, ordinal = documents.segments[place], int(documents.ordinal[slot])
    if _same(segment, ordinal, words, positions=field.positions):
        return None
    return "its words are not those of its text"


def _same(segment: OpenSegment, ordinal: int, words: Words, *, positions: bool) -> bool:
    """Whether a document has these words; without positions their number is compared."""
    pauses.pace()
    listed = [*(words or ())]
    while listed and listed[-1] is None:  # nothing stands behind a gap at the end
        listed.pop()
    if not positions:
        return int(segment.lengths[ordinal]) == sum(word is not None for word in listed)
    stored = segment.kernel.tokens_of(ordinal)
    while stored and stored[-1] is None:
        stored.pop()
    return stored == listed


def _where(header: CollectionHeader, field: TextField) -> str:
    return f"collection {header.name!r}, text field {field.path!r}"
