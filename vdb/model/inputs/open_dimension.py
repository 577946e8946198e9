"""The dimension of vectors that come to a collection whose own is open."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from vdb.errors import DimensionMismatchError, InvalidArgumentError
from vdb.model import config, dataframes
from vdb.model.dtypes import DType
from vdb.model.inputs.arrays import array_of, is_row

__all__ = ["inferred_dimension"]

_NO_ROW = object()


def inferred_dimension(vectors: Any, name: str, dtype: DType, *, one: bool) -> int:
    """How many numbers the first of these vectors has; the others are not looked at.

    Args:
        vectors: As for `vector_parts`; without any, the dimension is 1.
        name: What the argument is called in messages.
        dtype: What they are stored as.
        one: Whether a single vector is meant.

    Raises:
        DimensionMismatchError: A collection cannot have so many.
        InvalidArgumentError: It is no sequence of vectors.
    """
    width, booleans = _width(vectors, name, dtype, one=one)
    dim = width * 8 if dtype.packed and not booleans else width
    try:
        return config.dimension(dim, dtype)
    except InvalidArgumentError as error:
        raise DimensionMismatchError(
            f"{name} have {dim} numbers: {error.message}",
            expected=error.expected,
            received=dim,
        ) from None


def _width(vectors: Any, name: str, dtype: DType, *, one: bool) -> tuple[int, bool]:
    """How many entries the first vector has, and whether they are booleans; 1 without a vector."""
    column = dataframes.arrow_column(vectors)
    if column is not None:
        return _width_of_column(column, name)
    if isinstance(vectors, np.ndarray) and vectors.dtype.kind != "O":
        return _width_of_array(vectors, name, one=one)
    row = vectors
    if not one or _is_nested(vectors):
        if not is_row(vectors):
            array_of(vectors, name, 1, dtype)  # which refuses it in its own words
        row = next(iter(vectors), _NO_ROW)
    if row is _NO_ROW:
        return 1, False
    if not is_row(row):
        array_of(vectors, name, 1, dtype)
        _refuse(name, "numbers", one=one)
    array = np.asarray(row)
    if array.ndim != 1:
        _refuse(name, f"rows of shape {array.shape}", one=one)
    return len(row), array.dtype == np.bool_


def _width_of_array(array: NDArray[Any], name: str, *, one: bool) -> tuple[int, bool]:
    if array.ndim == 1 and not one and not array.size:
        return 1, False
    if array.ndim != 2 and not (one and array.ndim == 1):
        _refuse(name, f"shape {array.shape}", one=one)
    return array.shape[-1], array.dtype == np.bool_


def _width_of_column(column: Any, name: str) -> tuple[int, bool]:
    from vdb.model import arrow

    def refuse_length(row: int, length: int, first: int) -> NoReturn:
        raise DimensionMismatchError(
            f"{name}[{row}] has {length} numbers, and {name}[0] has {first}",
            expected=first,
            received=length,
        )

    for part in arrow.matrices(column, name, refuse_length):
        return part.shape[-1], part.dtype == np.bool_
    return 1, False


def _is_nested(vectors: Any) -> bool:
    return is_row(vectors) and len(vectors) > 0 and is_row(vectors[0])


def _refuse(name: str, received: str, *, one: bool) -> NoReturn:
    shape = "(dim,)" if one else "(n, dim)"
    raise InvalidArgumentError(
        f"{name} must have shape {shape}, got {received}", expected=shape, received=received
    )
