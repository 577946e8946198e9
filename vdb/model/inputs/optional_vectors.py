"""Vectors of records some of which have none: which rows these are, and the vectors of the others.

A missing row is None, or null in a column. A collection with optional vectors takes it as a record
without a vector; any other refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from vdb.errors import (
    ArgumentTypeError,
    DimensionMismatchError,
    InvalidArgumentError,
    InvalidVectorError,
    VdbError,
)
from vdb.model import dataframes
from vdb.model.dtypes import DType
from vdb.model.inputs.arrays import is_missing, is_row
from vdb.model.inputs.open_dimension import inferred_dimension
from vdb.model.inputs.row_parts import RowParts
from vdb.model.inputs.vectors import vector_parts
from vdb.model.metrics import Metric

__all__ = ["VectorRows", "vector_rows"]

_NEEDED = "every record needs a vector"
_ADVICE = (
    "; create_collection(..., optional_vectors=True) makes a collection whose records need none"
)

_E = TypeVar("_E", bound=VdbError)


class VectorRows(NamedTuple):
    """The vectors of several records.

    Attributes:
        parts: Of the records that have one, in order, as they are stored.
        bare: Which of all records have none: bool (n,); None where all have one.
        dim: Their dimension; 0 where that is open and there is no vector.
    """

    parts: RowParts
    bare: NDArray[np.bool_] | None
    dim: int


def vector_rows(
    vectors: Any,
    *,
    dim: int,
    metric: Metric,
    dtype: DType,
    rows: int,
    name: str,
    optional: bool,
    one: bool,
) -> VectorRows:
    """The vectors of so many records, each one accepted by metric and dtype.

    Args:
        vectors: As for `vector_parts`; with `optional`, None for records without a vector, or
            missing rows in it.
        dim: The collection's dimension; 0 where it is open, so that the vectors say it.
        metric: The metric that must accept them.
        dtype: What the vectors are stored as.
        rows: How many there must be, missing ones included.
        name: What the argument is called in messages.
        optional: Whether a record may have no vector.
        one: Whether a single record is meant.

    Raises:
        InvalidVectorError: A vector is missing and must not be; and what `vector_parts` raises.
    """

    def parts(present: Any, count: int) -> RowParts:
        nonlocal dim
        if dim == 0:
            dim = inferred_dimension(present, name, dtype, one=one)
        return vector_parts(
            present, dim=dim, metric=metric, dtype=dtype, rows=count, name=name, one=one
        )

    if not optional:
        own = _all_present(vectors, name, lambda: parts(vectors, rows), one=one)
        return VectorRows(own, None, dim)
    if vectors is None:
        bare = np.ones(rows, dtype=np.bool_)
    else:
        split = None if one else _split(vectors)
        if split is None:
            own = parts(vectors, rows)
            return VectorRows(own, None, dim)
        vectors, bare = split
        if len(bare) != rows:
            raise InvalidArgumentError(
                f"ids and {name} differ in number: {rows} ids, {len(bare)} vectors",
                expected=rows,
                received=len(bare),
            )
    if bare.all():
        own = RowParts([np.empty((0, dtype.columns(dim)), dtype.stored)])
        return VectorRows(own, bare, dim)
    places = np.flatnonzero(~bare)
    try:
        own = parts(vectors, len(places))
    except (InvalidVectorError, DimensionMismatchError) as error:
        raise _by_own_row(error, name, places) from None
    return VectorRows(own, bare, dim)


def _all_present(vectors: Any, name: str, parts: Callable[[], RowParts], *, one: bool) -> RowParts:
    """The vectors of records each of which needs one."""
    if vectors is None:
        raise InvalidVectorError(f"{name} is None; {_NEEDED}{_ADVICE}", expected="a vector")
    try:
        return parts()
    except InvalidVectorError as error:
        if error.message.endswith(_NEEDED):
            raise _reworded(error, f"{error.message}{_ADVICE}") from None
        raise
    except ArgumentTypeError:  # of rows that are all missing nobody can tell that they are rows
        if one or _split(vectors) is None:
            raise
        raise InvalidVectorError(
            f"{name}[0] is missing; {_NEEDED}{_ADVICE}", row=0, expected="a vector"
        ) from None


def _split(vectors: Any) -> tuple[Any, NDArray[np.bool_]] | None:
    """The rows that are there, and which of all are missing; None where none is."""
    column = dataframes.arrow_column(vectors)
    if column is not None:
        there = column.validity()
        return None if there is None else (column.rows(there), ~there)
    if (
        dataframes.is_series(vectors)
        or isinstance(vectors, list | tuple)
        or (isinstance(vectors, np.ndarray) and vectors.dtype.kind == "O" and vectors.ndim == 1)
    ):
        entries = list(vectors)
    else:
        return None
    bare = np.fromiter(map(is_missing, entries), np.bool_, len(entries))
    if not bare.any():
        return None
    present = [entries[row] for row in np.flatnonzero(~bare)]
    return (present, bare) if all(map(is_row, present)) else None


def _by_own_row(error: _E, name: str, places: NDArray[np.intp]) -> _E:
    """An error about a row that is there, with its place among all rows."""
    match = re.match(rf"{re.escape(name)}\[(\d+)\]", error.message)
    if match is None:
        return error
    row = int(places[int(match[1])])
    return _reworded(error, f"{name}[{row}]{error.message[match.end() :]}", row)


def _reworded(error: _E, message: str, row: int | None = None) -> _E:
    """An error with other words, and of another row if one is given."""
    again = type(error)(message, expected=error.expected, received=error.received)
    if isinstance(error, InvalidVectorError) and isinstance(again, InvalidVectorError):
        again.row = error.row if row is None else row
    return again
