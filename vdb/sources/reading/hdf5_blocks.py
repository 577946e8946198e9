"""Blocks of an HDF5 dataset, looked at before HDF5 unpacks them.

HDF5 2.0 takes what a filter gives for a whole block: of one that is too short the rest are bytes
that happen to lie in memory, and one that is too long is unpacked as far as it goes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any, Final

__all__ = ["Hdf5Blocks"]

_GZIP, _SHUFFLE, _FLETCHER, _LZF = 1, 2, 3, 32_000
_FILTERS: Final = {_GZIP, _SHUFFLE, _FLETCHER, _LZF}
_CHECKSUM: Final = 4  # bytes of a Fletcher checksum, behind the block
_SLACK: Final = 1024  # bytes that packing may add to a block, besides a 64th


class Hdf5Blocks:
    """The blocks of one dataset.

    Attributes:
        size: Bytes of each when it is unpacked.
    """

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self._filters = _filters(dataset)
        self._checked = 0  # rows before this one are in blocks that were unpacked once
        self.size = prod(dataset.chunks) * dataset.id.get_type().get_size()

    def require_stored(self, most: int) -> None:
        """Look at the index of all blocks.

        Args:
            most: The most bytes of a block.

        Raises:
            ValueError: Blocks are missing, too large, or of a length that they cannot have.
        """
        dataset = self._dataset
        sizes = zip(dataset.shape, dataset.chunks, strict=True)
        there, count = dataset.id.get_num_chunks(), prod(-(-n // c) for n, c in sizes)
        if there < count:
            raise ValueError(f"has {there:,} chunks of {count:,}")
        if self.size > most:
            raise ValueError(f"has blocks of {self.size:,} bytes, which one reads as a whole")
        dataset.id.chunk_iter(self._require_length)

    def require_sound(self, start: int, stop: int) -> None:
        """Unpack the blocks of some rows, where they are packed.

        Raises:
            ValueError: One does not hold what it must.
        """
        if not self._filters:
            return
        rows = self._dataset.chunks[0]
        first, end = start // rows * rows, -(-stop // rows) * rows
        if start <= self._checked:
            first = max(first, self._checked)
        steps = zip(self._dataset.shape[1:], self._dataset.chunks[1:], strict=True)
        columns = [range(0, n, step) for n, step in steps]
        for place in product(range(first, end, rows), *columns):
            mask, packed = self._dataset.id.read_direct_chunk(place)
            length = _length(bytes(packed), self._used(mask), self.size)
            if length != self.size:
                more = "more than " if length > self.size else ""
                held = min(length, self.size)
                text = f"holds {more}{held:,} bytes, and not {self.size:,}"
                raise ValueError(f"the block at {place} {text}")
        if start <= self._checked:
            self._checked = max(self._checked, end)

    def _used(self, mask: int) -> list[int]:
        """The filters of a block: a bit of the mask leaves one out."""
        return [one for bit, one in enumerate(self._filters) if not mask >> bit & 1]

    def _require_length(self, info: Any) -> None:
        used = self._used(info.filter_mask)
        checksums = _CHECKSUM * used.count(_FLETCHER)
        if not {_GZIP, _LZF} & set(used):
            sound = info.size == self.size + checksums
        else:
            sound = info.size <= self.size + self.size // 64 + _SLACK
        if not sound:
            text = f"{info.size:,} bytes in the file for {self.size:,}"
            raise ValueError(f"the block at {info.chunk_offset} has {text}")


def _filters(dataset: Any) -> list[int]:
    """The filters in the order in which they packed; ValueError for others than these four."""
    plan = dataset.id.get_create_plist()
    rows = [plan.get_filter(number) for number in range(plan.get_nfilters())]
    for code, _, _, name in rows:
        if code not in _FILTERS:
            known = name.decode("utf-8", "replace") or f"filter {code}"
            raise ValueError(
                f"is packed by {known}, and gzip, lzf, shuffle and fletcher32 are read; "
                "h5repack -f NONE unpacks a file"
            )
    return [row[0] for row in rows]


def _length(packed: bytes, filters: Sequence[int], size: int) -> int:
    """Bytes of a block when it is unpacked; more than `size` of one that is too long."""
    most = size + _CHECKSUM * len(filters) + 1
    length = len(packed)
    for code in reversed(filters):
        if code == _FLETCHER:
            packed, length = packed[:-_CHECKSUM], length - _CHECKSUM
        elif code == _GZIP:
            packed = _unpacked(packed, most)
            length = len(packed)
        elif code == _LZF:
            try:
                length = _lzf_length(packed)
            except IndexError:
                raise ValueError("a block that lzf packed is cut short") from None
    return length


def _unpacked(packed: bytes, most: int) -> bytes:
    """What gzip packed, or its first bytes."""
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(packed, most)
    except zlib.error as error:
        raise ValueError(f"a block that gzip packed is damaged: {error}") from None
    if not unpacking.eof and len(unpacked) < most:
        raise ValueError("a block that gzip packed is cut short")
    return unpacked


def _lzf_length(packed: bytes) -> int:
    """Bytes that LZF unpacks: runs of up to 32 as they are, and repeats of at least 3."""
    place = length = 0
    end = len(packed)
    while place < end:
        code = packed[place]
        if code < 32:
            place += code + 2
            length += code + 1
            continue
        repeated = code >> 5
        if repeated == 7:
            place += 1
            repeated += packed[place]
        place += 2
        length += repeated + 2
    return length
