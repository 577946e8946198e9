"""From whatever holds numbers to a numpy array of them: lists, columns of tables, foreign arrays.

numpy makes one array of objects out of a column of lists and of much else. What is in it decides:
rows of numbers are put below each other; anything else is refused, by its row, in words that say
what came and what to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from vdb.errors import (
    ArgumentTypeError,
    DimensionMismatchError,
    InvalidArgumentError,
    InvalidVectorError,
)
from vdb.kernel import bfloat16_bits
from vdb.model import dataframes, pauses
from vdb.model.arguments import shown, unreadable
from vdb.model.config import LIMITS
from vdb.model.dtypes import DType
from vdb.model.inputs.iterators import rereadable
from vdb.model.inputs.joined_rows import joined_rows
from vdb.model.inputs.listed_rows import listed_rows

__all__ = ["array_of", "arrays_of", "is_missing", "is_row", "refuse_dimension"]


def array_of(vectors: Any, name: str, dim: int, dtype: DType) -> NDArray[Any]:
    """An array of real numbers; of bits, of booleans or integers. Of any shape.

    Arguments and errors are those of `arrays_of`.
    """
    parts = list(arrays_of(vectors, name, dim, dtype))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def arrays_of(vectors: Any, name: str, dim: int, dtype: DType) -> Iterator[NDArray[Any]]:
    """The same as one array, or as several matrices below each other: as they lie in memory.

    Args:
        vectors: A list, an array of any library that numpy reads or that speaks DLPack, a column
            of lists of pandas or of a library that speaks Arrow, an iterator over vectors.
        name: What the argument is called in messages.
        dim: The collection's dimension, by which rows of other lengths are named.
        dtype: The collection's.

    Raises:
        ArgumentTypeError: Not numbers.
        DimensionMismatchError: Rows of different lengths.
        InvalidVectorError: A vector is missing.
    """
    try:
        column = dataframes.arrow_column(vectors)
    except Exception as error:
        raise unreadable(name, vectors, error) from error
    if column is not None:
        yield from _of_arrow(column, name, dim, dtype)
        return
    vectors = rereadable(name, vectors)
    if dataframes.is_series(vectors):  # pandas reads files by pyarrow
        dataframes.release_unused(len(vectors) * dtype.columns(dim) * dtype.stored.itemsize)
    parts = joined_rows(vectors) or listed_rows(
        vectors, _lengths(dim, dtype), _kinds(dtype), single=dtype.stored == np.float32
    )
    if parts is None or parts[0].dtype.kind not in _kinds(dtype):
        yield _one_array(vectors, name, dim, dtype)
        return
    before = 0
    for part in parts:
        if part.shape[1] not in _lengths(dim, dtype):
            refuse_dimension(f"{name}[{before}]", dim, dtype, part.shape[1])
        before += len(part)
    yield from parts


def _lengths(dim: int, dtype: DType) -> tuple[int, ...]:
    """How long a row may be."""
    return (dim, dtype.columns(dim)) if dtype.packed else (dim,)


def _of_arrow(column: Any, name: str, dim: int, dtype: DType) -> Iterator[NDArray[Any]]:
    from vdb.model import arrow

    def refuse_length(row: int, length: int, first: int) -> NoReturn:
        _refuse_length(name, row, length, first=first, dim=dim, dtype=dtype)

    try:
        many, size = False, 0
        for part in arrow.matrices(column, name, refuse_length):
            many = True
            size += part.nbytes
            if part.dtype.kind not in _kinds(dtype):
                _refuse(name, dtype, f"an array of {part.dtype}", str(part.dtype))
            yield part
    except ValueError as error:  # what it handed over does not fit its type
        raise unreadable(name, column, error) from error
    dataframes.release_unused(size)
    if not many:
        yield np.empty((0, dim), np.float32)


def _one_array(vectors: Any, name: str, dim: int, dtype: DType) -> NDArray[Any]:
    if isinstance(vectors, np.ma.MaskedArray) and np.ma.is_masked(vectors):
        raise InvalidArgumentError(
            f"{name} has masked entries; a vector needs all its numbers",
            expected="no masked entries",
            received="a masked array",
        )
    if isinstance(vectors, range) and len(vectors) > LIMITS.slots:
        refuse_dimension(name, dim, dtype, len(vectors))
    array = _widened(_read(vectors, name, dim, dtype))
    if array.dtype.kind == "O" and array.size:
        array = _Objects(vectors, array, name, dim, dtype).numbers()
    if array.size and array.dtype.kind not in _kinds(dtype):
        _refuse(name, dtype, f"an array of {array.dtype}", str(array.dtype))
    return array


def _kinds(dtype: DType) -> str:
    return "biu" if dtype.packed else "fiu"


def _read(vectors: Any, name: str, dim: int, dtype: DType) -> NDArray[Any]:
    """The array that numpy makes of it."""
    try:
        array = np.asarray(vectors)
        if array.dtype.kind == "O" and array.ndim == 0 and hasattr(type(vectors), "__dlpack__"):
            array = np.from_dlpack(vectors)
    except ValueError as error:
        if not isinstance(vectors, list | tuple):
            raise unreadable(name, vectors, error) from error
        _refuse_ragged(vectors, name, dim, dtype)
        raise ArgumentTypeError(
            f"{name} must be an array of numbers, got {type(vectors).__name__}",
            expected="numbers",
            received=type(vectors).__name__,
        ) from None
    except Exception as error:
        widened = _of_bfloat16(vectors)
        if widened is None:
            raise unreadable(name, vectors, error) from error
        return widened
    return array


def _of_bfloat16(vectors: Any) -> NDArray[Any] | None:
    """A tensor of bfloat16, which numpy has no type for, as float32, which holds it exactly."""
    # Whatever they raise, the error of numpy is raised, which says more.
    with suppress(Exception):
        return (bfloat16_bits(vectors).astype(np.uint32) << 16).view(np.float32)
    with suppress(Exception):
        return np.asarray(vectors.float()) if str(vectors.dtype) == "torch.bfloat16" else None
    return None


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    """Numbers of a type registered with numpy (bfloat16, ...) as float32, where that is exact."""
    kind = array.dtype
    if kind.kind == "V" and kind.names is None and np.can_cast(kind, np.float32):
        return array.astype(np.float32)
    return array


class _Objects:
    """An array of objects, which may be numbers, or vectors."""

    def __init__(
        self, argument: object, array: NDArray[Any], name: str, dim: int, dtype: DType
    ) -> None:
        self._argument = argument
        self._array = array
        self._name = name
        self._dim = dim
        self._dtype = dtype

    def numbers(self) -> NDArray[Any]:
        """The array of numbers that is meant."""
        array = self._array
        if array.ndim == 0:
            self._refuse(f"{dataframes.described(self._argument)}{_advice(self._argument)}")
        entries = list(array) if array.ndim == 1 else []
        if any(map(is_row, entries)):
            rows = [self._row(i, entry) for i, entry in enumerate(pauses.paced(entries))]
            first, dim, dtype = len(rows[0]), self._dim, self._dtype
            for i, row in enumerate(pauses.paced(rows)):
                if len(row) != first:
                    _refuse_length(self._name, i, len(row), first=first, dim=dim, dtype=dtype)
            parts = [np.concatenate(some) for some in pauses.pieces(rows)]
            return np.concatenate(parts).reshape(len(rows), -1)
        return self._from_numbers(array, self._name)

    def _row(self, i: int, entry: Any) -> NDArray[Any]:
        """One vector of a column."""
        name = f"{self._name}[{i}]"
        if is_missing(entry):
            _refuse_missing(name, i, entry)
        try:
            row = _widened(np.asarray(entry))
        except Exception as error:
            raise unreadable(name, entry, error) from error
        if row.ndim != 1:
            self._refuse(f"objects: {name} is {dataframes.described(entry)}")
        if row.dtype.kind == "O":
            row = self._from_numbers(row, name)
        if row.dtype.kind not in _kinds(self._dtype) and row.size:
            self._refuse(f"objects: {name} is an array of {row.dtype}")
        packed = self._dtype.packed and len(row) == self._dtype.columns(self._dim)
        if len(row) != self._dim and not packed:
            refuse_dimension(name, self._dim, self._dtype, len(row))
        return row

    def _from_numbers(self, array: NDArray[Any], name: str) -> NDArray[Any]:
        """An array of objects each of which is one number."""
        numbers = [dataframes.scalar(entry) for entry in pauses.paced(array.flat)]
        for place, entry in zip(np.ndindex(array.shape), numbers, strict=True):
            if not isinstance(entry, int | float | np.number | np.bool_):
                *rows, at = place
                where = name + "".join(f"[{row}]" for row in rows)
                what = "None" if entry is None else dataframes.described(entry)
                kind = dataframes.described(self._argument)
                self._refuse(
                    f"{kind}, an array of object to numpy: {where} holds {what} at position {at}"
                )
        converted = np.array(numbers)
        if converted.dtype.kind == "O":  # ints beyond 64 bits
            converted = np.array([_as_float(number) for number in numbers])
        return converted.reshape(array.shape)

    def _refuse(self, content: str) -> NoReturn:
        _refuse(self._name, self._dtype, content, dataframes.described(self._argument))


def _as_float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def is_row(entry: object) -> bool:
    """Whether an object can only be a vector: it has a length, and is no text."""
    return hasattr(type(entry), "__len__") and not isinstance(entry, str | bytes | bytearray | dict)


def is_missing(entry: Any) -> bool:
    """Whether an entry of a column is None, or what a library of tables has for it."""
    if entry is None or type(entry).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(entry, float) and entry != entry  # noqa: PLR0124 - NaN is not itself


def _advice(argument: object) -> str:
    """The end of a message that names an argument which is no array: what to give instead."""
    if isinstance(argument, dict):
        return ", which numpy cannot read; give list(vectors.values())"
    if isinstance(argument, set | frozenset):
        return ", which has no order; give a list"
    return ", an array of object to numpy; give an array of shape (n, dim), or a list of vectors"


def _refuse(name: str, dtype: DType, content: str, received: str) -> NoReturn:
    expected = "bytes of packed bits, or booleans" if dtype.packed else "real numbers"
    raise ArgumentTypeError(
        f"{name} must hold {expected}, got {content}",
        expected="uint8 or bool" if dtype.packed else "float or int",
        received=received,
    )


def _refuse_missing(name: str, row: int, entry: object) -> NoReturn:
    raise InvalidVectorError(
        f"{name} is missing ({shown(entry)}); every record needs a vector",
        row=row,
        expected="a vector",
        received=entry,
    )


def _refuse_ragged(vectors: Any, name: str, dim: int, dtype: DType) -> None:
    """Raise for the first row that is missing or of another length, if there is one."""
    first: int | None = None
    for i, row in enumerate(vectors):
        if row is None:
            _refuse_missing(f"{name}[{i}]", i, row)
        try:
            length = len(row)
        except TypeError:
            return
        first = length if first is None else first
        if length != first or length not in _lengths(dim, dtype):
            _refuse_length(name, i, length, first=first, dim=dim, dtype=dtype)


def _refuse_length(
    name: str, row: int, length: int, *, first: int, dim: int, dtype: DType
) -> NoReturn:
    """Raise for a row of another length than the first one, or for the first one's length."""
    if first not in _lengths(dim, dtype):
        refuse_dimension(f"{name}[0]", dim, dtype, first)
    if length not in _lengths(dim, dtype):
        refuse_dimension(f"{name}[{row}]", dim, dtype, length)
    raise DimensionMismatchError(
        f"{name}[{row}] has {length} entries and {name}[0] has {first}; bits are packed into bytes "
        "in all rows, or in none",
        expected=first,
        received=length,
    )


def refuse_dimension(name: str, dim: int, dtype: DType, received: int) -> NoReturn:
    """Raise for vectors of another length than the collection's."""
    packed = f" ({dim // 8} bytes of packed bits, or {dim} booleans)" if dtype.packed else ""
    raise DimensionMismatchError(
        f"{name} must have {dim} dimensions as the collection has{packed}, got {received}; vectors "
        "of another length come from another model and need a collection of their own",
        expected=dim,
        received=received,
    )
