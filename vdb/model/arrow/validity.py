"""Which rows of an array are there, and which are null."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb.kernel import ArrowNode

__all__ = ["bits", "first_null", "validity"]

_BLOCK = 1 << 20  # bits that are unpacked at a time


def bits(node: ArrowNode, number: int, start: int, count: int) -> NDArray[np.bool_]:
    """`count` bits of a buffer from bit `start` on."""
    skipped = start % 8
    packed = node.buffer(number, start // 8, (skipped + count + 7) // 8)
    unpacked = np.unpackbits(packed, count=skipped + count, bitorder="little")
    return unpacked[skipped:].view(np.bool_)


def validity(node: ArrowNode, first: int, count: int) -> NDArray[np.bool_] | None:
    """Whether each of some rows of an array with a bitmap is there; None where all are."""
    if count == 0 or node.null_count == 0 or not node.buffers or not node.buffers[0]:
        return None
    there = bits(node, 0, node.offset + first, count)
    return None if there.all() else there


def first_null(node: ArrowNode, first: int, count: int) -> int | None:
    """The place of the first of these rows that is null; None where none is."""
    if count == 0 or node.null_count == 0 or not node.buffers or not node.buffers[0]:
        return None
    for at in range(0, count, _BLOCK):
        there = bits(node, 0, node.offset + first + at, min(_BLOCK, count - at))
        if not there.all():
            return at + int(np.argmin(there))
    return None
