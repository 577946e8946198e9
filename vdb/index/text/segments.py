"""Segments of text fields as they are opened: of what is stored, and of what a batch has made.

A stored segment never changes, and its number is never used again. So one that was opened stays
open with the views of its collection, over any number of commits. Its longer parts are read where
they lie in LMDB's memory map, as blocks are; shorter ones share their pages with others, and are
copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.index.text.deleted_documents import Bits
from vdb.index.types import Reader, View
from vdb.kernel import TextSegment, build_text_segment, merge_text_segments
from vdb.model.text_field import Tokens
from vdb.store import CacheSlot, CollectionView, Snapshot
from vdb.store.format import keys
from vdb.store.format.keys import KeyKind
from vdb.store.format.text_header import SegmentCounts, TextHeader

__all__ = [
    "OpenSegment",
    "built",
    "forget_others",
    "header_of",
    "header_place",
    "merged",
    "new_segment",
    "stored_header",
    "stored_segment",
    "unshared_segment",
]

_IN_PLACE: Final = 1 << 14
"""Bytes from which LMDB gives a value pages of its own, whatever the size of its pages."""


class OpenSegment:
    """A segment, and its columns of documents, which are read once. Free for all threads.

    Attributes:
        kernel: The kernel's object.
    """

    __slots__ = ("_lengths", "_slots", "kernel")

    def __init__(self, kernel: TextSegment) -> None:
        self.kernel = kernel
        self._slots: NDArray[np.uint32] | None = None
        self._lengths: NDArray[np.uint32] | None = None

    @property
    def slots(self) -> NDArray[np.uint32]:
        """The slot of each document, rising."""
        if self._slots is None:
            self._slots = self.kernel.slots()
        return self._slots

    @property
    def lengths(self) -> NDArray[np.uint32]:
        """The number of words of each document."""
        if self._lengths is None:
            self._lengths = self.kernel.lengths()
        return self._lengths

    def documents_of(
        self, slots: NDArray[np.uint32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The documents of those of these slots that have one here, deleted or not.

        Also the places of these slots among `slots`.
        """
        if len(slots) == 1:
            document = self.kernel.ordinal_of(int(slots[0]))
            if document is None:
                return np.zeros(0, np.int64), np.zeros(0, np.int64)
            return np.array([document], np.int64), np.zeros(1, np.int64)
        own = self.slots
        documents = np.searchsorted(own, slots)
        inside = documents < len(own)
        inside[inside] = own[documents[inside]] == slots[inside]
        return documents[inside], np.flatnonzero(inside)

    def counts(self, number: int, parts: Sequence[bytes]) -> SegmentCounts:
        """What the header of its field says of it; `parts`: its bodies."""
        kernel = self.kernel
        return SegmentCounts(
            number,
            kernel.documents,
            0,
            kernel.terms,
            kernel.postings,
            kernel.length_sum,
            len(parts),
            sum(map(len, parts)),
        )


_OPEN: Final = CacheSlot[dict[tuple[int, int], OpenSegment]](
    "segments of text fields", outlives_changes=True
)


def header_of(reader: Reader, collection: int, field: int) -> TextHeader:
    """The stored header of a text field; an empty one where there is none yet.

    Raises:
        CorruptedError: It is damaged.
    """
    body = stored_header(reader, collection, field)
    return (
        TextHeader() if body is None else TextHeader.decode(body, header_place(collection, field))
    )


def stored_header(reader: Reader, collection: int, field: int) -> bytes | None:
    """The same, not decoded; None where there is none yet."""
    key = keys.text(collection, field)
    value = reader.get(key)
    return None if value is None else reader.seal.unwrap(key, value)


def header_place(collection: int, field: int) -> str:
    """How messages name the header of a text field."""
    return f"key 42 (text field {field} of collection {collection})"


def stored_segment(reader: Snapshot, view: View, field: int, counts: SegmentCounts) -> OpenSegment:
    """A stored segment, opened before or now.

    Args:
        reader: A snapshot in which it is stored.
        view: The collection at that moment.
        field: The number of the field.
        counts: What the field's header says of it.

    Raises:
        CorruptedError: A part is missing, or the first one is damaged.
    """
    place = field, counts.number
    opened: dict[tuple[int, int], OpenSegment] = (
        view.cache.setdefault(_OPEN, {}) if isinstance(view, CollectionView) else {}
    )
    segment = opened.get(place)
    if segment is None:
        segment = opened[place] = unshared_segment(reader, view.header.number, field, counts)
    return segment


def forget_others(view: CollectionView, field: int, header: TextHeader) -> None:
    """Let go of opened segments that the header names no more."""
    opened = view.cache.get(_OPEN)
    if opened is not None and len(opened) > len(header.segments):
        numbers = {counts.number for counts in header.segments}
        for place in list(opened):
            if place[0] == field and place[1] not in numbers:
                opened.pop(place, None)


def unshared_segment(
    reader: Snapshot, collection: int, field: int, counts: SegmentCounts
) -> OpenSegment:
    """A stored segment, opened now; errors as for `stored_segment`."""
    prefix = keys.of_segment(KeyKind.SEGMENT, collection, field, counts.number)
    parts: list[object] = []
    for number in range(counts.parts):
        value = reader.fetch(prefix + number.to_bytes(4, "big"))
        if value is None:
            raise CorruptedError("missing", where=f"key {prefix.hex()}{number:08x}")
        parts.append(value if len(value) >= _IN_PLACE else bytes(value))
    kernel = TextSegment(parts, reader.seal.start, prefix)
    own = kernel.documents, kernel.terms, kernel.postings, kernel.length_sum
    expected = counts.documents, counts.terms, counts.postings, counts.length_sum
    if own != expected:
        raise CorruptedError(
            f"expected {expected} documents, terms, postings and words, got {own}",
            where=f"key {prefix.hex()} (segment {counts.number})",
            expected=expected,
            received=own,
        )
    return OpenSegment(kernel)


def new_segment(parts: Sequence[bytes]) -> OpenSegment:
    """A segment that a batch has made, over its bodies."""
    return OpenSegment(TextSegment(list(parts)))


def built(slots: Sequence[int], documents: list[Tokens], positions: bool) -> list[bytes]:
    """The bodies of a segment with these documents, by rising slot."""
    return build_text_segment(np.array(slots, np.uint32), documents, positions)


def merged(segments: Sequence[OpenSegment], deleted: Sequence[Bits | None]) -> list[bytes]:
    """The bodies of one segment of several, without their deleted documents."""
    return merge_text_segments([segment.kernel for segment in segments], list(deleted))
