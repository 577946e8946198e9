"""Texts and binaries of Arrow's arrays, in all their layouts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.kernel import ArrowNode
from vdb.model.arrow.buffers import fixed, list_bounds
from vdb.model.arrow.data_types import DataType

__all__ = ["binaries", "binary_views", "fixed_size", "string_views", "strings"]

_INLINE = 12
"""Bytes of the longest text that a view holds itself."""

_VIEW = np.dtype([("size", "i4"), ("prefix", "i4"), ("buffer", "i4"), ("offset", "i4")])

There = NDArray[np.bool_] | None


def strings(kind: DataType, node: ArrowNode, first: int, count: int, there: There) -> list[Any]:
    """Texts; bytes that are no UTF-8 become lone surrogates, which payloads and ids refuse."""
    starts, ends, low, data = _spans(kind, node, first, count, there)
    if data.isascii():
        text = data.decode("ascii")
        return [text[start - low : end - low] for start, end in zip(starts, ends, strict=True)]
    return [_text(data[start - low : end - low]) for start, end in zip(starts, ends, strict=True)]


def binaries(kind: DataType, node: ArrowNode, first: int, count: int, there: There) -> list[Any]:
    """Bytes."""
    starts, ends, low, data = _spans(kind, node, first, count, there)
    return [data[start - low : end - low] for start, end in zip(starts, ends, strict=True)]


def fixed_size(
    kind: DataType,
    node: ArrowNode,
    first: int,
    count: int,
    there: There,  # noqa: ARG001
) -> list[Any]:
    """Bytes, all of one length."""
    size = kind.size
    data = node.buffer(1, (node.offset + first) * size, count * size).tobytes()
    return [data[row * size : (row + 1) * size] for row in range(count)]


def string_views(
    kind: DataType, node: ArrowNode, first: int, count: int, there: There
) -> list[Any]:
    """Texts, as `strings` has them."""
    return [_text(raw) for raw in binary_views(kind, node, first, count, there)]


def binary_views(
    kind: DataType,  # noqa: ARG001
    node: ArrowNode,
    first: int,
    count: int,
    there: There,
) -> list[Any]:
    """Bytes: short ones lie in the view, others where its buffer and offset say."""
    views = fixed(node, first, count, _VIEW)
    raw = views.tobytes()
    many = len(node.buffers) - 3  # validity and views before them, their sizes behind them
    buffer_sizes = node.buffer(len(node.buffers) - 1, 0, 8 * many).view(np.int64)
    values: list[Any] = [None] * count
    rows = range(count) if there is None else np.flatnonzero(there).tolist()
    sizes, numbers, offsets = (views[name].tolist() for name in ("size", "buffer", "offset"))
    for row in rows:
        size = sizes[row]
        if size <= _INLINE:
            values[row] = raw[16 * row + 4 : 16 * row + 4 + size]
            continue
        number, offset = numbers[row], offsets[row]
        if not (0 <= number < many and 0 <= offset <= int(buffer_sizes[number]) - size):
            raise ValueError("a view beyond its buffer")
        values[row] = node.buffer(2 + number, offset, size).tobytes()
    return values


def _spans(
    kind: DataType, node: ArrowNode, first: int, count: int, there: There
) -> tuple[list[int], list[int], int, bytes]:
    """Where each begins and ends in the data, where the data begins in its buffer, and the data."""
    starts, sizes = list_bounds(kind, node, first, count)
    if there is not None:
        starts, sizes = np.where(there, starts, starts[int(np.argmax(there))]), sizes * there
    if (sizes < 0).any() or (starts < 0).any():
        raise ValueError("a text of a negative length")
    ends = starts + sizes
    low, high = int(starts.min()), int(ends.max())
    return starts.tolist(), ends.tolist(), low, node.buffer(2, low, high - low).tobytes()


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", "surrogateescape")
