"""The header of a text field: its segments, and the counts of its living documents.

A map of exactly the fields below, sealed, under key ``42``. It is rewritten by every commit that
changes a text, so each segment takes a list of eight ints in it. There is none before the first
document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import le
from typing import Any, NamedTuple, Self

from vdb.errors import CorruptedError
from vdb.store.format.decoder import Fields
from vdb.store.format.limits import (
    LARGEST_COUNT,
    LAST_NUMBER,
    MOST_PARTS,
    MOST_SEGMENTS,
    MOST_SLOTS,
    U32,
)
from vdb.store.format.packing import as_map, pack, unpack

__all__ = ["SegmentCounts", "TextHeader"]


class SegmentCounts(NamedTuple):
    """One segment of a text field.

    Attributes:
        number: Its number in keys; never used again.
        documents: Documents in it, deleted ones included; from 1.
        deleted: How many of them are deleted; fewer than `documents`.
        terms: Different terms.
        postings: Pairs of a term and a document.
        length_sum: Terms of all its documents, repeated ones counted.
        parts: Values that it is stored as.
        size: Bytes of these without their seals.
    """

    number: int
    documents: int
    deleted: int
    terms: int
    postings: int
    length_sum: int
    parts: int
    size: int

    @property
    def living(self) -> int:
        """Documents that are not deleted."""
        return self.documents - self.deleted


_LIMITS = SegmentCounts(
    LAST_NUMBER, MOST_SLOTS, MOST_SLOTS, U32, LARGEST_COUNT, LARGEST_COUNT, MOST_PARTS, 2**37
)
_LEAST = SegmentCounts(1, 1, 0, 0, 0, 0, 1, 1)


@dataclass(slots=True)
class TextHeader:
    """Key ``42``: the segments of one text field.

    Attributes:
        next_segment: The number that the next segment gets.
        documents: Records that have a text, an empty one included.
        nonempty: Records whose text has a term.
        length_sum: Terms of the living documents, repeated ones counted.
        segments: By rising number.
    """

    next_segment: int = 1
    documents: int = 0
    nonempty: int = 0
    length_sum: int = 0
    segments: list[SegmentCounts] = field(default_factory=list)

    def copy(self) -> Self:
        """A copy that shares nothing which can be changed."""
        return type(self)(
            self.next_segment,
            self.documents,
            self.nonempty,
            self.length_sum,
            list(self.segments),
        )

    def encode(self) -> bytes:
        """The record, not sealed."""
        return pack(as_map(self) | {"segments": [list(line) for line in self.segments]})

    @classmethod
    def decode(cls, body: bytes, where: str) -> Self:
        """Raises CorruptedError on anything that `encode` would not have written."""
        f = Fields(unpack(body, where), where)
        header = cls(
            next_segment=f.whole("next_segment", 1, LAST_NUMBER),
            documents=f.whole("documents", 0, MOST_SLOTS),
            nonempty=f.whole("nonempty", 0, MOST_SLOTS),
            length_sum=f.whole("length_sum", 0, LARGEST_COUNT),
            segments=[_segment(line, where) for line in f.items("segments", MOST_SEGMENTS)],
        )
        f.end()
        numbers = [line.number for line in header.segments]
        if numbers != sorted(set(numbers)) or numbers[-1:] >= [header.next_segment]:
            f.refuse("segments", f"rising numbers below {header.next_segment}", numbers)
        living = sum(line.living for line in header.segments)
        if header.documents != living:
            f.refuse("documents", living, header.documents)
        if header.nonempty > header.documents:
            f.refuse("nonempty", f"at most {header.documents}", header.nonempty)
        most = sum(line.length_sum for line in header.segments)
        if not header.nonempty <= header.length_sum <= most:
            f.refuse("length_sum", f"{header.nonempty} to {most}", header.length_sum)
        return header


def _segment(line: Any, where: str) -> SegmentCounts:
    """A line of `segments`, as it was stored."""
    if type(line) is list and len(line) == len(_LIMITS) and set(map(type, line)) == {int}:
        counts = SegmentCounts(*line)
        if all(map(le, _LEAST, line)) and all(map(le, line, _LIMITS)) and counts.living > 0:
            return counts
    raise _refused(line, where)


def _refused(line: Any, where: str) -> CorruptedError:
    """The error that says what is wrong with a line."""
    if type(line) is not list or len(line) != len(_LIMITS):
        return CorruptedError(f"segments: expected {len(_LIMITS)} ints each", where=where)
    for name, low, high, value in zip(SegmentCounts._fields, _LEAST, _LIMITS, line, strict=True):
        if type(value) is not int or not low <= value <= high:
            shown = value if type(value) is int else type(value).__name__
            return CorruptedError(
                f"segments: {name}: expected {low} to {high}, got {shown}", where=where
            )
    _, documents, deleted, *_ = line
    return CorruptedError(
        f"segments: deleted: expected less than {documents}, got {deleted}", where=where
    )
