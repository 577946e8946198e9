"""The buffers of an array as numpy's arrays: values of a fixed width, and where lists begin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.kernel import ArrowNode
from vdb.model.arrow.data_types import OFFSETS, DataType

__all__ = ["fixed", "list_bounds"]


def fixed(
    node: ArrowNode, first: int, count: int, kind: np.dtype[Any], *, number: int = 1
) -> NDArray[Any]:
    """`count` values of a buffer, for rows from `first` on, the array's own offset not counted.

    A view, whose address may be any.
    """
    size = kind.itemsize
    return node.buffer(number, (node.offset + first) * size, count * size).view(kind)


def list_bounds(
    kind: DataType, node: ArrowNode, first: int, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each list, text or binary begins in what lies below, and how long it is, both (count,).

    Of rows that are null they may be anything.
    """
    if count == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    width = np.dtype(OFFSETS[kind.format])
    if kind.format in ("+vl", "+vL"):
        starts = fixed(node, first, count, width).astype(np.int64)
        return starts, fixed(node, first, count, width, number=2).astype(np.int64)
    offsets = fixed(node, first, count + 1, width).astype(np.int64)
    return offsets[:-1], np.diff(offsets)
