"""Codes of 4 bits that faiss packed for fast scans, unpacked.

A block has 32 vectors; each pair of parts of their codes is 32 bytes, 16 for either part. Byte 0 of
the 16 has the codes of vectors 0 (its lower half) and 16, byte 1 of 8 and 24, byte 2 of 1 and 17,
and so on. An odd part at the end has a partner of zeros. Source: impl/pq4_fast_scan.cpp
(get_vector_specific_address) and invlists/BlockInvertedLists.cpp of faiss 1.15.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vdb.sources.indexes.faiss.codecs import ProductQuantizer
from vdb.sources.indexes.faiss.cursor import Cursor, Region
from vdb.sources.indexes.faiss.stored import Part
from vdb.sources.reading.byte_file import ByteFile

__all__ = ["PackedLists", "packed_lists_at", "packed_rows_at"]

_BLOCK: Final = 32
_ORDER: Final = np.arange(16).reshape(2, 8).T.ravel()
"""The vector of the lower half of each byte; that of the upper half is 16 further."""


@dataclass(frozen=True, slots=True)
class PackedLists:
    """Blocks of packed codes, list after list.

    Attributes:
        ids: Of each list, where its ids lie; None for one list whose ids are row numbers.
        codes: Of each list, where its blocks lie.
        counts: Of each list, how many vectors it has.
        centroids: Added to what is decoded, (lists, dim); None where codes are no residuals.
    """

    file: ByteFile
    ids: list[Region] | None
    codes: list[Region]
    counts: list[int]
    codec: ProductQuantizer
    centroids: NDArray[np.float32] | None = None

    def parts(self, rows: int) -> Iterator[Part]:
        """As `Stored.parts`."""
        width = _block_width(self.codec)
        most = max(1, rows // _BLOCK)
        for number, (place, count) in enumerate(zip(self.codes, self.counts, strict=True)):
            what = f"the codes of list {number}"
            blocks = self.file.parts(
                place.offset, np.uint8, place.numbers // width, width, most, what
            )
            for block, part in blocks:
                start = block * _BLOCK
                codes = _unpacked(part, self.codec.count)[: count - start]
                with np.errstate(invalid="ignore", over="ignore"):  # such rows are refused later
                    vectors = self.codec.vectors_of(codes)
                    if self.centroids is not None:
                        vectors = vectors + self.centroids[number]
                yield self._ids(number, start, len(codes)), vectors

    def _ids(self, number: int, start: int, count: int) -> NDArray[np.int64]:
        if self.ids is None:
            return np.arange(start, start + count)
        place = self.ids[number].offset + 8 * start
        ids = self.file.array_at(place, "<i8", count, f"the ids of list {number}")
        return ids.astype(np.int64, copy=False)


def packed_rows_at(cursor: Cursor, codec: ProductQuantizer, count: int) -> PackedLists:
    """The codes of an IndexPQFastScan, behind its quantizer.

    Raises:
        SourceError: They are laid out otherwise, or are too few or too many.
    """
    cursor.number("i", "the implementation")
    _require_blocks(cursor, cursor.number("i", "the size of a block"), codec)
    cursor.number("i", "the queries of a block")
    padded = cursor.size(1 << 48, "the padded count")
    cursor.number("Q", "the padded parts")
    place = cursor.region(1, "the codes")
    if padded != -(-count // _BLOCK) * _BLOCK:
        raise cursor.error("the codes", f"are of {padded:,} vectors, for {count:,}")
    _require_size(cursor, place, count, codec)
    return PackedLists(cursor.file, None, [place], [count], codec)


def packed_lists_at(
    cursor: Cursor,
    codec: ProductQuantizer,
    lists: int,
    count: int,
    centroids: NDArray[np.float32] | None,
) -> PackedLists:
    """The lists of an IndexIVFPQFastScan; raises SourceError as `packed_rows_at`."""
    if (letters := cursor.letters()) != "ilbl":
        raise cursor.error("the lists", f"are of kind {letters!r}, not in blocks")
    own = cursor.number("Q", "the number of lists")
    cursor.number("Q", "the size of a code")
    _require_blocks(cursor, cursor.number("Q", "the vectors of a block"), codec)
    width = cursor.number("Q", "the size of a block")
    if own != lists or width != _block_width(codec):
        raise cursor.error("the lists", f"are {own:,} with blocks of {width:,} bytes")
    ids, codes = [], []
    for _ in range(lists):
        ids.append(cursor.region(8, "the ids of a list"))
        codes.append(cursor.region(1, "the codes of a list"))
        _require_size(cursor, codes[-1], ids[-1].numbers, codec)
    counts = [place.numbers for place in ids]
    if sum(counts) != count:
        raise cursor.error("the lists", f"have {sum(counts):,} vectors, not {count:,}")
    return PackedLists(cursor.file, ids, codes, counts, codec, centroids)


def _require_blocks(cursor: Cursor, size: int, codec: ProductQuantizer) -> None:
    if size != _BLOCK or codec.bits != 4:
        raise cursor.error(
            "the packed codes",
            f"are in blocks of {size:,} vectors with {codec.bits} bits, not of {_BLOCK} with 4",
        )


def _require_size(cursor: Cursor, place: Region, count: int, codec: ProductQuantizer) -> None:
    expected = -(-count // _BLOCK) * _block_width(codec)
    if place.numbers != expected:
        raise cursor.error("the codes", f"are {place.numbers:,} bytes, not {expected:,}")


def _block_width(codec: ProductQuantizer) -> int:
    return -(-codec.count // 2) * _BLOCK


def _unpacked(blocks: NDArray[np.uint8], count: int) -> NDArray[np.int64]:
    """The numbers of centroids (n, count) of blocks (n / 32, bytes)."""
    pairs = blocks.reshape(len(blocks), -1, 2, 16)  # of two parts, 16 bytes each
    codes = np.empty((len(blocks), _BLOCK, 2 * pairs.shape[1]), np.int64)
    parts = pairs.reshape(len(blocks), -1, 16).transpose(0, 2, 1)
    codes[:, _ORDER] = parts & 15
    codes[:, _ORDER + 16] = parts >> 4
    return codes.reshape(-1, codes.shape[2])[:, :count]
