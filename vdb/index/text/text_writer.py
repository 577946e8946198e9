"""The changes that a batch makes to the text fields of a collection.

Words of new texts wait in memory until the batch commits or searches; then they become a segment.
Segments made in the batch stay in memory until the commit, so that small ones which are merged at
once are never stored. At the commit::

    1  words that wait become a segment
    2  segments are merged as `merging` says
    3  new segments, changed bits of deleted documents and the header are put, old segments removed
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vdb.index.text import merging, segments
from vdb.index.text.analysis import Words
from vdb.index.text.deleted_documents import Bits, chunks, is_set, mark, no_bits, stored_bits
from vdb.index.text.segments import OpenSegment
from vdb.index.text.text_fields import TextField, declared
from vdb.model import pauses
from vdb.model.text_field import Tokens
from vdb.store import Batch, WritableCollection
from vdb.store.format import keys
from vdb.store.format.keys import KeyKind
from vdb.store.format.text_header import SegmentCounts, TextHeader

__all__ = ["FieldWriter", "TextWriter", "drop", "follow", "follow_field", "writer_of"]

_MOST_WAITING: Final = 1 << 19
"""Words that wait in memory for their segment."""


class TextWriter:
    """Those of all text fields of one collection; `commit` seals it."""

    __slots__ = ("_fields",)

    def __init__(self) -> None:
        self._fields: dict[int, FieldWriter] = {}

    def field(self, batch: Batch, coll: WritableCollection, field: TextField) -> FieldWriter:
        """The writer of one field, made when it is first needed."""
        writer = self._fields.get(field.number)
        if writer is None:
            writer = self._fields[field.number] = FieldWriter(batch, coll, field)
        return writer

    def begun(self, number: int) -> FieldWriter | None:
        """The writer of a field that this batch has changed; None for another."""
        return self._fields.get(number)

    def forget(self, number: int) -> None:
        """Drop the changes to a field."""
        self._fields.pop(number, None)

    def seal(self) -> None:
        """Put everything that changed into the transaction."""
        for writer in self._fields.values():
            writer.seal()


class FieldWriter:
    """The changes to one text field.

    Attributes:
        header: The field's header with the changes so far, waiting words apart.
    """

    __slots__ = (
        "_added_bytes",
        "_batch",
        "_before",
        "_bits",
        "_collection",
        "_field",
        "_open",
        "_parts",
        "_stored",
        "_stored_bits",
        "_view",
        "_waiting",
        "_waiting_words",
        "header",
    )

    def __init__(self, batch: Batch, coll: WritableCollection, field: TextField) -> None:
        self._batch = batch
        self._view = coll.view
        self._collection = coll.header.number
        self._field = field
        self._before = segments.header_of(batch, self._collection, field.number)
        self.header = self._before.copy()
        self._stored = {counts.number for counts in self.header.segments}
        self._parts: dict[int, list[bytes]] = {}  # of segments that are not stored yet
        self._open: dict[int, OpenSegment] = {}  # those
        self._bits: dict[int, Bits] = {}
        self._stored_bits: dict[int, Bits] = {}  # of stored segments, as they are stored
        self._waiting: dict[int, Tokens] = {}
        self._waiting_words = 0
        self._added_bytes = 0

    def put(self, slots: Iterable[int], words: Iterable[Words]) -> None:
        """Add the texts of slots that have none; None among them is no text."""
        for slot, one in pauses.paced(zip(slots, words, strict=True)):
            if one is not None:
                self._waiting[slot] = one
                self._waiting_words += len(one)
                if self._waiting_words >= _MOST_WAITING:
                    self._make_segment()

    def remove(self, slots: Sequence[int]) -> None:
        """Remove the texts of those of these slots that have one."""
        rest = np.unique(np.fromiter(slots, np.uint32, len(slots)))
        if self._waiting:
            inside = np.array([self._waiting.pop(slot, None) is not None for slot in rest.tolist()])
            rest = rest[~inside]
        for counts in reversed(list(self.header.segments)):
            if not len(rest):
                return
            segment = self.segment(counts)
            documents, places = segment.documents_of(rest)
            if counts.deleted and len(documents):
                living = ~is_set(self.bits(counts), documents)
                documents, places = documents[living], places[living]
            if len(documents):
                self._mark(counts, segment, documents)
                rest = np.delete(rest, places)

    def _mark(
        self, counts: SegmentCounts, segment: OpenSegment, documents: NDArray[np.int64]
    ) -> None:
        lengths = segment.lengths[documents]
        header = self.header
        header.documents -= len(documents)
        header.nonempty -= int(np.count_nonzero(lengths))
        header.length_sum -= int(lengths.sum(dtype=np.int64))
        place = header.segments.index(counts)
        deleted = counts.deleted + len(documents)
        if deleted == counts.documents:
            del header.segments[place]
            self._discard(counts.number)
            return
        mark(self.bits(counts), documents)
        header.segments[place] = counts._replace(deleted=deleted)

    def _discard(self, number: int) -> None:
        """Forget a segment that the header names no more."""
        for place in (self._parts, self._open, self._bits, self._stored_bits):
            place.pop(number, None)

    def segment(self, counts: SegmentCounts) -> OpenSegment:
        """A segment of the field, stored or not."""
        own = self._open.get(counts.number)
        if own is not None:
            return own
        base = self._batch.base
        return segments.stored_segment(base, self._view, self._field.number, counts)

    def bits(self, counts: SegmentCounts) -> Bits:
        """The bits of a segment's deleted documents, with the changes so far."""
        bits = self._bits.get(counts.number)
        if bits is None:
            if counts.number in self._stored and counts.deleted:
                before = stored_bits(self._batch.base, self._collection, self._field.number, counts)
                self._stored_bits[counts.number] = before
                bits = before.copy()
            else:
                bits = no_bits(counts.documents)
            self._bits[counts.number] = bits
        return bits

    def flush(self) -> None:
        """Make waiting words a segment, and merge what is to be merged."""
        self._make_segment()
        allowed = max(merging.MOST_BYTES, merging.SHARE * self._added_bytes)
        while chosen := merging.merged_next(self.header.segments, allowed):
            self.merge(chosen)

    def _make_segment(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting, self._waiting_words = self._waiting, {}, 0
        slots = sorted(waiting)
        parts = segments.built(slots, [waiting[slot] for slot in slots], self._field.positions)
        counts = self._added(parts)
        self._added_bytes += counts.size
        lengths = self._open[counts.number].lengths
        self.header.documents += counts.documents
        self.header.nonempty += int(np.count_nonzero(lengths))
        self.header.length_sum += counts.length_sum
        pauses.let_go(waiting)

    def merge(self, chosen: Sequence[SegmentCounts]) -> None:
        """Make one segment of several, without their deleted documents."""
        parts = segments.merged(
            [self.segment(counts) for counts in chosen],
            [self.bits(counts) if counts.deleted else None for counts in chosen],
        )
        for counts in chosen:
            self.header.segments.remove(counts)
            self._discard(counts.number)
        self._added(parts)

    def _added(self, parts: list[bytes]) -> SegmentCounts:
        """Make a segment of the field of these parts, not stored yet."""
        number = self.header.next_segment
        self.header.next_segment += 1
        segment = segments.new_segment(parts)
        counts = segment.counts(number, parts)
        self._parts[number], self._open[number] = parts, segment
        self.header.segments.append(counts)
        return counts

    def seal(self) -> None:
        """Put what changed; see the top of this file."""
        self.flush()
        if self.header == self._before:
            return
        collection, field, batch = self._collection, self._field.number, self._batch
        present = {counts.number: counts for counts in self.header.segments}
        for number in sorted(self._stored - present.keys()):
            for kind in (KeyKind.SEGMENT, KeyKind.DELETED):
                batch.delete_all(keys.of_segment(kind, collection, field, number))
        wrap = batch.seal.wrap
        for number in sorted(self._parts):
            part_keys = [
                keys.segment_part(collection, field, number, part)
                for part in range(len(self._parts[number]))
            ]
            batch.put_many(
                [
                    (key, wrap(key, part))
                    for key, part in zip(part_keys, self._parts[number], strict=True)
                ]
            )
        for number, bits in self._bits.items():
            for place, body in chunks(bits, self._stored_bits.get(number)):
                batch.put_sealed(keys.deleted(collection, field, number, place), body)
        body = self.header.encode()
        TextHeader.decode(body, "text header")  # a slip in memory must not become one on disk
        batch.put_sealed(keys.text(collection, field), body)
        self._go_on()

    def _go_on(self) -> None:
        """What was put is what is stored now, should the commit be tried again."""
        self._before = self.header.copy()
        self._stored = {counts.number for counts in self.header.segments}


def writer_of(coll: WritableCollection) -> TextWriter:
    """The writer of a collection's text fields, of this batch."""
    if not isinstance(coll.texts, TextWriter):
        coll.texts = TextWriter()
    return coll.texts


def follow(
    batch: Batch,
    coll: WritableCollection,
    slots: Sequence[int],
    texts: Sequence[Sequence[Words]] | None,
    *,
    new: bool = False,
) -> None:
    """Bring all text fields from what the records at these slots had to what they have now.

    Args:
        batch: The batch.
        coll: The collection.
        slots: The slots; of one that is named twice the last text counts.
        texts: The words of each record, field by field as `declared` lists them; None: they are
            gone.
        new: Whether the slots held no record before.
    """
    for place, field in enumerate(declared(coll.header)):
        words = None if texts is None else [record[place] for record in texts]
        follow_field(batch, coll, field, slots, words, new=new)


def follow_field(
    batch: Batch,
    coll: WritableCollection,
    field: TextField,
    slots: Sequence[int],
    words: Sequence[Words] | None,
    *,
    new: bool = False,
) -> None:
    """The same for one field; `words` are those of each record."""
    if not slots:
        return
    writer = writer_of(coll).field(batch, coll, field)
    if not new:
        writer.remove(slots)
    if words is not None:
        by_slot = dict(zip(slots, words, strict=True))
        writer.put(by_slot.keys(), by_slot.values())
    coll.touched = True


def drop(batch: Batch, coll: WritableCollection, number: int) -> None:
    """Remove all that is stored of a text field."""
    if isinstance(coll.texts, TextWriter):
        coll.texts.forget(number)
    for kind in (KeyKind.SEGMENT, KeyKind.TEXT, KeyKind.DELETED):
        batch.delete_all(keys.of_field(kind, coll.header.number, number))


def clear(batch: Batch, coll: WritableCollection, number: int) -> None:
    """Remove all documents of a text field; its numbers of segments are not used again."""
    collection = coll.header.number
    header = segments.header_of(batch, collection, number)
    begun = coll.texts.begun(number) if isinstance(coll.texts, TextWriter) else None
    next_segment = header.next_segment if begun is None else begun.header.next_segment
    drop(batch, coll, number)
    if next_segment > 1:
        empty = TextHeader(next_segment=next_segment)
        batch.put_sealed(keys.text(collection, number), empty.encode())
