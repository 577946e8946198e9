"""From a column of lists of numbers to matrices: views of its memory wherever that is possible.

Every row of a column of vectors must be there, and every number in it: under a null lies anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from vdb.errors import ArgumentTypeError, InvalidVectorError
from vdb.kernel import ArrowNode
from vdb.model.arrow.buffers import fixed, list_bounds
from vdb.model.arrow.columns import Chunk, Column
from vdb.model.arrow.data_types import DataType
from vdb.model.arrow.validity import bits, first_null

__all__ = ["matrices"]

_TENSOR = "arrow.fixed_shape_tensor"


def matrices(
    column: Column, name: str, refuse_length: Callable[[int, int, int], NoReturn]
) -> Iterator[NDArray[Any]]:
    """The vectors of a column, a matrix for each of its arrays; float, int, uint or bool (n, dim).

    Lists of a fixed length or of one length, in any of Arrow's forms, and tensors of a fixed shape,
    which are read row by row in the order that their permutation tells. bfloat16, of which Arrow
    has no type of its own, becomes float32 where the column names it ("lance.bfloat16"). A column
    of plain numbers is one vector, whose parts have the shape (n,).

    Args:
        column: Of any type.
        name: What the argument is called in messages.
        refuse_length: Raises for (row, length, first): a list of another length than the first one.

    Raises:
        ArgumentTypeError: The column holds neither lists of numbers nor numbers.
        InvalidVectorError: A row or a number is null.
    """
    kind = column.type
    if _is_number(kind):
        yield from _one_vector(column, name)
        return
    if not (_is_list(kind) and _is_number(kind.children[0])):
        raise ArgumentTypeError(
            f"{name} must hold real numbers, got a column of Arrow's type {kind}{_advice(kind)}",
            expected="lists of numbers",
            received=str(kind),
        )
    before = 0
    length: int | None = None
    for chunk in column.chunks:
        if chunk.count == 0:
            continue
        place = _Place(name, before)
        place.require_rows(chunk)
        if kind.format.startswith("+w:"):
            matrix = _fixed(kind, chunk, place)
        else:
            matrix, odd = _variable(kind, chunk, length, place)
            if odd is not None:
                refuse_length(before + odd[0], odd[1], matrix.shape[1])
            length = matrix.shape[1]
        yield _in_logical_order(kind, matrix)
        before += chunk.count


def _one_vector(column: Column, name: str) -> Iterator[NDArray[Any]]:
    before = 0
    for chunk in column.chunks:
        null = first_null(chunk.node, chunk.first, chunk.count)
        if null is not None:
            raise InvalidVectorError(
                f"{name} holds null at position {before + null}; a vector needs all its numbers",
                expected="numbers",
                received=None,
            )
        yield _numbers(column.type, chunk.node, chunk.first, chunk.count)
        before += chunk.count


class _Place:
    """Names rows of one array in messages."""

    def __init__(self, name: str, before: int) -> None:
        self._name = name
        self._before = before

    def require_rows(self, chunk: Chunk) -> None:
        there = chunk.there
        row = first_null(chunk.node, chunk.first, chunk.count)
        if there is not None and not there.all():
            above = int(np.argmin(there))
            row = above if row is None else min(row, above)
        if row is not None:
            self.refuse(row, "is missing (null); every record needs a vector", "a vector")

    def require_numbers(self, node: ArrowNode, first: int, count: int, length: int) -> None:
        null = first_null(node, first, count)
        if null is not None:
            row, at = divmod(null, length)
            what = f"holds null at position {at}; a vector needs all its numbers"
            self.refuse(row, what, "numbers")

    def refuse(self, row: int, what: str, expected: str) -> NoReturn:
        row += self._before
        raise InvalidVectorError(
            f"{self._name}[{row}] {what}", row=row, expected=expected, received=None
        )


def _is_list(kind: DataType) -> bool:
    if kind.dictionary is not None:
        return False
    return kind.format.startswith("+w:") or kind.format in ("+l", "+L", "+vl", "+vL")


def _is_number(kind: DataType) -> bool:
    boolean = kind.format == "b" and kind.dictionary is None
    return kind.numbers is not None or boolean or _is_bfloat16(kind)


def _advice(kind: DataType) -> str:
    """What to do about a column that holds no vectors; the end of a message."""
    if _is_list(kind):
        return _advice_on_elements(kind.children[0])
    if kind.dictionary is not None:
        return "; decode it first: cast it to its value type"
    if kind.format == "+r":
        return "; decode it first: pyarrow.compute.run_end_decode(column)"
    if kind.format in ("z", "Z", "vz") or kind.format.startswith("w:"):
        return "; read its bytes with numpy.frombuffer, and give a matrix"
    if kind.format in ("u", "U", "vu"):
        return "; parse the texts, and give a matrix"
    return "; a vector is a list of numbers"


def _advice_on_elements(kind: DataType) -> str:
    if kind.dictionary is not None:
        return "; decode its numbers first: cast them to their value type"
    if kind.format == "+r":
        return "; decode its numbers first: pyarrow.compute.run_end_decode"
    if _is_list(kind):
        return "; a vector is one list: flatten the inner ones"
    if kind.format == "w:2":
        return "; bfloat16 is read where the column's extension type says so: cast it to float32"
    return "; cast its elements to float32"


def _is_bfloat16(kind: DataType) -> bool:
    return kind.format == "w:2" and kind.extension.endswith("bfloat16")


def _fixed(kind: DataType, chunk: Chunk, place: _Place) -> NDArray[Any]:
    size, child = kind.size, chunk.node.children[0]
    start = (chunk.node.offset + chunk.first) * size
    if child.length < start + chunk.count * size:
        raise ValueError("lists longer than what they are lists of")
    if size:
        place.require_numbers(child, start, chunk.count * size, size)
    numbers = _numbers(kind.children[0], child, start, chunk.count * size)
    return numbers.reshape(chunk.count, size)


def _variable(
    kind: DataType, chunk: Chunk, length: int | None, place: _Place
) -> tuple[NDArray[Any], tuple[int, int] | None]:
    """The matrix, and the first row of another length than `length` or than the first, with it."""
    child = chunk.node.children[0]
    starts, sizes = list_bounds(kind, chunk.node, chunk.first, chunk.count)
    size = int(sizes[0]) if length is None else length
    odd = np.flatnonzero(sizes != size)
    if odd.size:
        row = int(odd[0])
        return np.empty((0, size)), (row, int(sizes[row]))
    if size < 0 or starts.min() < 0 or child.length < int(starts.max()) + size:
        raise ValueError("lists longer than what they are lists of")
    first = int(starts[0])
    if np.array_equal(starts, first + np.arange(chunk.count) * size):
        if size:
            place.require_numbers(child, first, chunk.count * size, size)
        numbers = _numbers(kind.children[0], child, first, chunk.count * size)
        return numbers.reshape(chunk.count, size), None
    return _gathered(kind, child, starts, size, place), None


def _gathered(
    kind: DataType, child: ArrowNode, starts: NDArray[Any], size: int, place: _Place
) -> NDArray[Any]:
    """Rows that lie anywhere among the numbers: the only ones that are copied."""
    first, end = int(starts.min()), int(starts.max()) + size
    if size and first_null(child, first, end - first) is not None:
        for row, start in enumerate(starts.tolist()):
            null = first_null(child, start, size)
            if null is not None:
                what = f"holds null at position {null}; a vector needs all its numbers"
                place.refuse(row, what, "numbers")
    numbers = _numbers(kind.children[0], child, first, end - first)
    if size == 0:
        return np.empty((len(starts), 0), numbers.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(numbers, size)
    rows: NDArray[Any] = windows[starts - first]
    return rows


def _numbers(kind: DataType, node: ArrowNode, first: int, count: int) -> NDArray[Any]:
    """Numbers of a child, from its `first` on, its own offset not counted."""
    if kind.format == "b":
        return bits(node, 1, node.offset + first, count)
    if _is_bfloat16(kind):
        halves = fixed(node, first, count, np.dtype(np.uint16))
        return (halves.astype(np.uint32) << 16).view(np.float32)
    numbers = kind.numbers
    assert numbers is not None  # noqa: S101 - the type was checked
    return fixed(node, first, count, numbers)


def _in_logical_order(kind: DataType, matrix: NDArray[Any]) -> NDArray[Any]:
    """Tensors are stored in the order of their axes in memory, and read in that of their axes."""
    if kind.extension != _TENSOR:
        return matrix
    parameters = json.loads(kind.parameters or b"{}")
    permutation = parameters.get("permutation") or []
    if permutation == sorted(permutation):
        return matrix
    tensors = matrix.reshape(len(matrix), *parameters["shape"])
    axes = [0, *(axis + 1 for axis in permutation)]
    return np.ascontiguousarray(tensors.transpose(axes)).reshape(len(matrix), -1)
