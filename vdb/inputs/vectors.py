"""Vectors: any real array-like, as float32 rows that a metric accepts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.config import LIMITS
from vdb.errors import (
    ArgumentTypeError,
    DimensionMismatchError,
    InvalidArgumentError,
    InvalidVectorError,
)
from vdb.metrics import Metric

__all__ = ["query_matrix", "vector_matrix"]

_LARGEST_SQUARE = np.float32(LIMITS.norm**2)


def vector_matrix(
    vectors: ArrayLike, *, dim: int, metric: Metric, rows: int | None, name: str, one: bool = False
) -> NDArray[np.float32]:
    """Array-like as a C-contiguous float32 matrix, shape (rows, dim), that the metric accepts.

    Args:
        vectors: Any real array-like, shape (rows, dim); ``one`` takes (dim,) too.
        dim: The collection's dimension.
        metric: Decides whether a zero vector is accepted.
        rows: How many there must be; None for any number.
        name: What the argument is called in messages.
        one: Whether a single vector is meant.

    Raises:
        ArgumentTypeError: Not numbers.
        DimensionMismatchError: Vectors of another length.
        InvalidArgumentError: Another shape or number of rows.
        InvalidVectorError: NaN, infinite, too long for float32, or zero where that has no meaning.
    """
    array = _array(vectors, name, dim)
    if one and array.ndim == 1:
        array = array.reshape(1, -1)
    if array.ndim == 1 and array.size == 0:
        array = array.reshape(0, dim)
    if array.ndim != 2:
        shape = f"({dim},)" if one else f"({'n' if rows is None else rows}, {dim})"
        raise InvalidArgumentError(
            f"{name} must have shape {shape}, got {array.shape}",
            expected=shape,
            received=array.shape,
        )
    if array.shape[1] != dim:
        _refuse_dimension(name, dim, array.shape[1])
    if rows is not None and array.shape[0] != rows:
        raise InvalidArgumentError(
            f"ids and {name} differ in number: {rows} ids, {array.shape[0]} vectors",
            expected=rows,
            received=array.shape[0],
        )
    # Conversion to float32 may overflow to infinity: the squares below find it.
    with np.errstate(all="ignore"):
        matrix = np.ascontiguousarray(array, dtype=np.float32)
        squares = np.einsum("ij,ij->i", matrix, matrix)
        # NaN compares false.
        fit = (squares <= _LARGEST_SQUARE) & (squares >= np.float32(metric.shortest**2))
    if not fit.all():
        row = int(np.flatnonzero(~fit)[0])
        _refuse_vector(name if one else f"{name}[{row}]", row, array[row], metric)
    return matrix


def query_matrix(q: ArrayLike, *, dim: int, metric: Metric) -> NDArray[np.float32]:
    """One query, shape (dim,), as a float32 matrix, shape (1, dim). Raises as `vector_matrix`."""
    if type(q) is np.ndarray and q.dtype == np.float32 and q.shape == (dim,):
        square = q.dot(q)
        if metric.shortest**2 <= square <= _LARGEST_SQUARE:
            return np.ascontiguousarray(q).reshape(1, dim)
    array = _array(q, "q", dim)
    if array.ndim == 2:
        raise InvalidArgumentError(
            f"q must have shape ({dim},), got {array.shape}; search_many takes several queries",
            expected=f"({dim},)",
            received=array.shape,
        )
    return vector_matrix(array, dim=dim, metric=metric, rows=None, name="q", one=True)


def _array(vectors: ArrayLike, name: str, dim: int) -> NDArray[Any]:
    if np.ma.is_masked(vectors):
        raise InvalidArgumentError(
            f"{name} has masked entries; a vector needs all its numbers",
            expected="no masked entries",
            received="a masked array",
        )
    try:
        array = np.asarray(vectors)
    except ValueError:
        _refuse_ragged(vectors, name, dim)
        raise ArgumentTypeError(
            f"{name} must be an array of numbers, got {type(vectors).__name__}",
            expected="numbers",
            received=type(vectors).__name__,
        ) from None
    except (TypeError, RuntimeError) as error:
        raise ArgumentTypeError(
            f"{name} cannot be read as an array: {error}",
            expected="numbers",
            received=type(vectors).__name__,
        ) from error
    if array.dtype.kind not in "fiu" and array.size:
        raise ArgumentTypeError(
            f"{name} must hold real numbers, got an array of {array.dtype}",
            expected="float or int",
            received=str(array.dtype),
        )
    return array


def _refuse_ragged(vectors: Any, name: str, dim: int) -> None:
    """Raise naming the first row of another length, if that is what is the matter."""
    for i, row in enumerate(vectors):
        try:
            length = len(row)
        except TypeError:
            return
        if length != dim:
            _refuse_dimension(f"{name}[{i}]", dim, length)


def _refuse_dimension(name: str, dim: int, received: int) -> None:
    raise DimensionMismatchError(
        f"{name} must have {dim} dimensions as the collection has, got {received}; vectors of "
        "another length come from another model and need a collection of their own",
        expected=dim,
        received=received,
    )


def _refuse_vector(name: str, row: int, given: NDArray[Any], metric: Metric) -> None:
    exact = np.asarray(given, dtype=np.longdouble)
    norm = float(np.sqrt(np.sum(exact * exact)))
    broken = np.flatnonzero(~np.isfinite(exact))
    expected = f"finite, of length {metric.shortest:g} to {LIMITS.norm:g}"
    if broken.size:
        at = int(broken[0])
        kind = "NaN" if np.isnan(exact[at]) else "infinity"
        what = f"holds {kind} at position {at}"
        received: object = kind
    elif norm == 0.0:
        what, received = f"is zero, for which {metric.value} has no meaning", 0.0
    elif norm < 1.0:
        what = f"has length {norm:.3g}, too short for {metric.value} in float32"
        received = norm
    else:
        what = f"has length {norm:.3g}, and float32 can compute with {LIMITS.norm:g} at most"
        received = norm
    raise InvalidVectorError(f"{name} {what}", row=row, expected=expected, received=received)
