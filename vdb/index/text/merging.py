"""When segments of a text field are merged.

Segments belong to size classes, each `FACTOR` times as large as the one before. As soon as a class
has `FACTOR` segments they become one of the next class, so every document is merged about once for
each class that there is. Most of them are the smallest, and cost little.

A commit never waits for long: it merges segments of at most `MOST_BYTES` together, or of `SHARE`
times the bytes that it adds itself, which takes a few times as long as adding them. Larger ones
stay as they are, and searches read each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vdb.store.format.text_header import SegmentCounts

__all__ = ["FACTOR", "MOST_BYTES", "SHARE", "merged_next"]

FACTOR: Final = 8
"""Segments of one class that become one, and how much larger the segments of the next class are."""

MOST_BYTES: Final = 1 << 21
"""Bytes of segments that any commit may merge."""

SHARE: Final = 64
"""How many times the bytes that it adds a commit may merge: of calls of one size, two classes."""

_SMALLEST: Final = 1 << 10
"""Bytes up to which segments are of the first class."""


def merged_next(segments: Sequence[SegmentCounts], allowed: int) -> list[SegmentCounts]:
    """The segments to merge now, by rising number; none where nothing is to be done.

    Args:
        segments: All of a field.
        allowed: Bytes that may be merged.
    """
    classes: dict[int, list[SegmentCounts]] = {}
    for segment in segments:
        classes.setdefault(_class_of(segment), []).append(segment)
    for number in sorted(classes):
        chosen = classes[number]
        if len(chosen) >= FACTOR and sum(segment.size for segment in chosen) <= allowed:
            return chosen
    for segment in segments:  # most of it is gone
        if 2 * segment.deleted > segment.documents and segment.size <= allowed:
            return [segment]
    return []


def _class_of(segment: SegmentCounts) -> int:
    """Of the bytes that its living documents take."""
    size = segment.size * segment.living // segment.documents
    # Three bits of the size are one class: FACTOR is 8.
    return (max(size, _SMALLEST) // _SMALLEST).bit_length() // 3
