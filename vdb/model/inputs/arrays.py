"""From whatever holds numbers to a numpy array of them: lists, columns of tables, foreign arrays.

numpy makes one array of objects out of a column of lists and of much else. What is in it decides:
rows of numbers are put below each other; anything else is refused, by its row, in words that say
what came and what to write.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from vdb.errors import (
    ArgumentTypeError,
    DimensionMismatchError,
    InvalidArgumentError,
    InvalidVectorError,
)
from vdb.model import tables
from vdb.model.arguments import shown, unreadable
from vdb.model.config import LIMITS
from vdb.model.dtypes import DType
from vdb.model.inputs.once import kept

__all__ = ["array_of", "refuse_dimension"]


def array_of(vectors: Any, name: str, dim: int, dtype: DType) -> NDArray[Any]:
    """An array of real numbers; of bits, of booleans or integers. Of any shape.

    Args:
        vectors: A list, an array of any library that numpy reads or that speaks DLPack, a column
            of lists of pandas, polars or pyarrow, an iterator over vectors.
        name: What the argument is called in messages.
        dim: The collection's dimension, by which rows of other lengths are named.
        dtype: The collection's.

    Raises:
        ArgumentTypeError: Not numbers.
        DimensionMismatchError: Rows of different lengths.
        InvalidVectorError: A vector is missing.
    """
    if isinstance(vectors, np.ma.MaskedArray) and np.ma.is_masked(vectors):
        raise InvalidArgumentError(
            f"{name} has masked entries; a vector needs all its numbers",
            expected="no masked entries",
            received="a masked array",
        )
    if isinstance(vectors, range) and len(vectors) > LIMITS.slots:
        refuse_dimension(name, dim, dtype, len(vectors))
    vectors = kept(name, vectors)
    array = _widened(_read(vectors, name, dim, dtype))
    if array.dtype.kind == "O" and array.size:
        array = _Objects(vectors, array, name, dim, dtype).numbers()
    if array.size and array.dtype.kind not in _kinds(dtype):
        _refuse(name, dtype, f"an array of {array.dtype}", str(array.dtype))
    return array


def _kinds(dtype: DType) -> str:
    return "biu" if dtype.packed else "fiu"


def _read(vectors: Any, name: str, dim: int, dtype: DType) -> NDArray[Any]:
    """What numpy makes of it."""
    try:
        rows = tables.fixed_rows(vectors)
        array = np.asarray(vectors) if rows is None else rows
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
        found = _of_bfloat16(vectors)
        if found is None:
            raise unreadable(name, vectors, error) from error
        return found
    return array


def _of_bfloat16(vectors: Any) -> NDArray[Any] | None:
    """A tensor of a type that torch has and numpy has not, as float32, which holds it exactly."""
    try:
        return np.asarray(vectors.float()) if str(vectors.dtype) == "torch.bfloat16" else None
    except Exception:  # noqa: BLE001 - what numpy said of it is more to the point
        return None


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    """Numbers of a type that numpy was taught (bfloat16, ...) as float32, where that is exact."""
    kind = array.dtype
    if kind.kind == "V" and kind.names is None and np.can_cast(kind, np.float32):
        return array.astype(np.float32)
    return array


class _Objects:
    """An array of objects, which may be numbers, or vectors."""

    def __init__(
        self, given: object, array: NDArray[Any], name: str, dim: int, dtype: DType
    ) -> None:
        self._given = given
        self._array = array
        self._name = name
        self._dim = dim
        self._dtype = dtype

    def numbers(self) -> NDArray[Any]:
        """The array of numbers that is meant."""
        array = self._array
        if array.ndim == 0:
            self._refuse(f"{tables.described(self._given)}{_advice(self._given)}")
        entries = list(array) if array.ndim == 1 else []
        if any(map(_is_row, entries)):
            rows = [self._row(i, entry) for i, entry in enumerate(entries)]
            return np.concatenate(rows).reshape(len(rows), -1)
        return self._from_numbers(array, self._name)

    def _row(self, i: int, entry: Any) -> NDArray[Any]:
        """One vector of a column."""
        name = f"{self._name}[{i}]"
        if _is_missing(entry):
            raise InvalidVectorError(
                f"{name} is missing ({shown(entry)}); every record needs a vector",
                row=i,
                expected="a vector",
                received=entry,
            )
        try:
            row = _widened(np.asarray(entry))
        except Exception as error:
            raise unreadable(name, entry, error) from error
        if row.ndim != 1:
            self._refuse(f"objects: {name} is {tables.described(entry)}")
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
        numbers = [tables.scalar(one) for one in array.flat]
        for place, one in zip(np.ndindex(array.shape), numbers, strict=True):
            if not isinstance(one, int | float | np.number | np.bool_):
                *rows, at = place
                where = name + "".join(f"[{row}]" for row in rows)
                what = "None" if one is None else tables.described(one)
                self._refuse(
                    f"{tables.described(self._given)}, an array of object to numpy: {where} holds "
                    f"{what} at position {at}"
                )
        found = np.array(numbers)
        if found.dtype.kind == "O":  # ints beyond 64 bits
            found = np.array([_as_float(one) for one in numbers])
        return found.reshape(array.shape)

    def _refuse(self, came: str) -> NoReturn:
        _refuse(self._name, self._dtype, came, tables.described(self._given))


def _as_float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _is_row(entry: object) -> bool:
    """Whether an object can only be a vector: it has a length, and is no text."""
    return hasattr(type(entry), "__len__") and not isinstance(entry, str | bytes | bytearray | dict)


def _is_missing(entry: Any) -> bool:
    if entry is None or type(entry).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(entry, float) and entry != entry  # noqa: PLR0124 - NaN is not itself


def _advice(given: object) -> str:
    """What to write instead of something that is no array."""
    if isinstance(given, dict):
        return ", which numpy cannot read; give list(vectors.values())"
    if isinstance(given, set | frozenset):
        return ", which has no order; give a list"
    return ", an array of object to numpy; give an array of shape (n, dim), or a list of vectors"


def _refuse(name: str, dtype: DType, came: str, received: str) -> NoReturn:
    expected = "bytes of packed bits, or booleans" if dtype.packed else "real numbers"
    raise ArgumentTypeError(
        f"{name} must hold {expected}, got {came}",
        expected="uint8 or bool" if dtype.packed else "float or int",
        received=received,
    )


def _refuse_ragged(vectors: Any, name: str, dim: int, dtype: DType) -> None:
    """Raise naming the first row of another length, if that is what is the matter."""
    for i, row in enumerate(vectors):
        try:
            length = len(row)
        except TypeError:
            return
        if length != dim:
            refuse_dimension(f"{name}[{i}]", dim, dtype, length)


def refuse_dimension(name: str, dim: int, dtype: DType, received: int) -> NoReturn:
    """Raise for vectors of another length than the collection's."""
    packed = f" ({dim // 8} bytes of packed bits, or {dim} booleans)" if dtype.packed else ""
    raise DimensionMismatchError(
        f"{name} must have {dim} dimensions as the collection has{packed}, got {received}; vectors "
        "of another length come from another model and need a collection of their own",
        expected=dim,
        received=received,
    )
