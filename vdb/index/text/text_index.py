"""The words of a text field as a reader sees them: a snapshot's, or a batch's with its changes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from vdb.index.text import segments
from vdb.index.text.deleted_documents import Bits, stored_bits
from vdb.index.text.segments import OpenSegment
from vdb.index.text.text_writer import FieldWriter, TextWriter
from vdb.index.types import Reader, View
from vdb.kernel import TextIndex, TextScorer
from vdb.store import Batch, CacheSlot, CollectionView, Snapshot, WritableCollection
from vdb.store.format.text_header import SegmentCounts, TextHeader

__all__ = ["FieldWords", "field_words"]


@dataclass(frozen=True, slots=True)
class FieldWords:
    """The words of one field at one moment.

    Attributes:
        header: Its segments and counts.
        index: What the kernel searches.
        segments: Those of the header, in its order.
        deleted: The bits of their deleted documents; None where there are none.
        okapi_means: What `mean_okapi_idf` has computed, by number of documents.
        scorers: Those of conventions, made once for this state.
    """

    header: TextHeader
    index: TextIndex
    segments: list[OpenSegment]
    deleted: list[Bits | None]
    okapi_means: dict[int, float] = field(default_factory=dict, compare=False, repr=False)
    scorers: dict[Hashable, TextScorer] = field(default_factory=dict, compare=False, repr=False)

    def mean_okapi_idf(self, documents: int) -> float:
        """The mean idf of all words, as rank_bm25 has it; reading all of them takes a while."""
        if documents not in self.okapi_means:
            self.okapi_means[documents] = self.index.mean_okapi_idf(documents)
        return self.okapi_means[documents]


class _Cached(NamedTuple):
    """The words of a field, the header that they are of, as it is stored, and when it was so."""

    body: bytes | None
    words: FieldWords
    commit: int


_WORDS: Final = CacheSlot[dict[int, _Cached]]("words of text fields", outlives_changes=True)


def field_words(reader: Reader, view: View, field: int) -> FieldWords:
    """The words of a field, by its number; cached for as long as it does not change.

    Raises:
        CorruptedError: Its header, a chunk of deleted documents or the first part of a segment is
            damaged.
    """
    if isinstance(view, WritableCollection) and isinstance(view.texts, TextWriter):
        writer = view.texts.begun(field)
        if writer is not None:
            return _of_writer(writer)
    base: Snapshot = reader.base if isinstance(reader, Batch) else reader
    view = view.view if isinstance(view, WritableCollection) else view
    cached = view.cache.setdefault(_WORDS, {})
    known = cached.get(field)
    if known is not None and known.commit == base.commit and isinstance(reader, Snapshot):
        return known.words
    body = segments.stored_header(reader, view.header.number, field)
    if known is not None and known.body == body:
        cached[field] = known._replace(commit=base.commit)
        return known.words
    words = _stored_words(base, view, field, body)
    cached[field] = _Cached(body, words, base.commit)
    segments.forget_others(view, field, words.header)
    return words


def _stored_words(
    reader: Snapshot, view: CollectionView, field: int, body: bytes | None
) -> FieldWords:
    collection = view.header.number
    header = (
        TextHeader()
        if body is None
        else TextHeader.decode(body, segments.header_place(collection, field))
    )

    def bits_of(counts: SegmentCounts) -> Bits | None:
        return stored_bits(reader, collection, field, counts) if counts.deleted else None

    opened = [segments.stored_segment(reader, view, field, counts) for counts in header.segments]
    return _words(header, opened, [bits_of(counts) for counts in header.segments])


def _of_writer(writer: FieldWriter) -> FieldWords:
    """With all that the batch has written."""
    writer.flush()
    header = writer.header.copy()
    opened = [writer.segment(counts) for counts in header.segments]
    deleted = [writer.bits(counts).copy() if counts.deleted else None for counts in header.segments]
    return _words(header, opened, deleted)


def _words(header: TextHeader, opened: list[OpenSegment], deleted: list[Bits | None]) -> FieldWords:
    bits: list[object | None] = [*deleted]
    index = TextIndex([segment.kernel for segment in opened], bits)
    return FieldWords(header, index, opened, deleted)
