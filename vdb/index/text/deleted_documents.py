"""Deleted documents of a segment: one bit for each of its documents, in chunks.

A segment never changes; what is replaced or removed is marked here until a merge leaves it out. Bit
`d mod 8` (the lowest is 0) of byte `d div 8` stands for document d. A missing chunk has no bits
set.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.index.types import Reader
from vdb.store.format import keys
from vdb.store.format.keys import KeyKind
from vdb.store.format.text_header import SegmentCounts

__all__ = ["CHUNK", "Bits", "chunks", "is_set", "mark", "no_bits", "stored_bits"]

Bits: TypeAlias = NDArray[np.uint8]
"""The bits of all documents of a segment, in whole chunks."""

CHUNK: Final = 1024
"""Bytes of a chunk."""

_DOCUMENTS: Final = CHUNK * 8  # of a chunk


def no_bits(documents: int) -> Bits:
    """The bits of so many documents, none set."""
    return np.zeros(-(-documents // _DOCUMENTS) * CHUNK, np.uint8)


def mark(bits: Bits, documents: NDArray[np.int64]) -> None:
    """Set the bits of documents."""
    np.bitwise_or.at(bits, documents >> 3, (1 << (documents & 7)).astype(np.uint8))


def is_set(bits: Bits, documents: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of these documents have their bit set."""
    set_bits: NDArray[np.bool_] = (bits[documents >> 3] >> (documents & 7).astype(np.uint8)) & 1 > 0
    return set_bits


def _chunk(bits: Bits, number: int) -> bytes:
    """One chunk as it is stored."""
    return bits[number * CHUNK : (number + 1) * CHUNK].tobytes()


def chunks(bits: Bits, before: Bits | None) -> Iterator[tuple[int, bytes]]:
    """The chunks that differ from those before, None: from none set, with their numbers."""
    for number in range(len(bits) // CHUNK):
        new = _chunk(bits, number)
        if new != (bytes(CHUNK) if before is None else _chunk(before, number)):
            yield number, new


def stored_bits(reader: Reader, collection: int, field: int, segment: SegmentCounts) -> Bits:
    """The stored bits of a segment.

    Raises:
        CorruptedError: A chunk is damaged, or as many bits are set as the header does not say.
    """
    bits = no_bits(segment.documents)
    if not segment.deleted:
        return bits
    prefix = keys.of_segment(KeyKind.DELETED, collection, field, segment.number)
    where = f"key {prefix.hex()} (deleted documents of segment {segment.number})"
    for key, value in reader.items(prefix):
        body = reader.seal.unwrap(key, value)
        start = int.from_bytes(key[len(prefix) :], "big") * CHUNK
        if len(body) != CHUNK or start >= len(bits):
            raise CorruptedError(f"no chunk of {segment.documents} documents", where=where)
        bits[start : start + CHUNK] = np.frombuffer(body, np.uint8)
    count = int(np.unpackbits(bits).sum())
    tail = np.arange(segment.documents, len(bits) * 8)
    if count != segment.deleted or is_set(bits, tail).any():
        raise CorruptedError(
            f"expected {segment.deleted} of {segment.documents} bits set, got {count}",
            where=where,
            expected=segment.deleted,
            received=count,
        )
    return bits
