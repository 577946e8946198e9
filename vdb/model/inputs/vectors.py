"""Vectors and queries: any array-like of the right shape, as rows that a collection can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.dtypes import DTYPES, DType
from vdb.model.inputs import numbers
from vdb.model.inputs.arrays import array_of, arrays_of, refuse_dimension
from vdb.model.inputs.iterators import rereadable
from vdb.model.inputs.open_dimension import inferred_dimension
from vdb.model.inputs.row_parts import RowParts
from vdb.model.metrics import Metric

__all__ = ["query_matrix", "query_row", "vector_matrix", "vector_parts"]


def vector_matrix(
    vectors: ArrayLike,
    *,
    dim: int,
    metric: Metric,
    dtype: DType,
    rows: int | None,
    name: str,
    one: bool = False,
) -> NDArray[Any]:
    """Array-like as a C-contiguous matrix of rows, each one accepted by metric and dtype.

    Args:
        vectors: Any real array-like that `arrays.array_of` takes, shape (rows, dim); of bits packed
            bytes, shape (rows, dim / 8), or booleans, shape (rows, dim). ``one`` takes a single row
            too.
        dim: The collection's dimension; 0 where it is open, so that any will do.
        metric: The metric that must accept them.
        dtype: What the vectors are stored as.
        rows: How many there must be; None for any number.
        name: What the argument is called in messages.
        one: Whether a single vector is meant.

    Returns:
        Shape (rows, dim) in the dtype's own numpy type; of bits uint8, shape (rows, dim / 8).

    Raises:
        ArgumentTypeError: Not numbers.
        DimensionMismatchError: Vectors of another length.
        InvalidArgumentError: Another shape or number of rows.
        InvalidVectorError: Numbers that the dtype cannot hold, or a vector that the metric
            refuses: NaN, infinite, too long, zero under cosine, not of length 1 under dot.
    """
    parts = vector_parts(
        vectors, dim=dim, metric=metric, dtype=dtype, rows=rows, name=name, one=one
    ).parts
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def vector_parts(
    vectors: ArrayLike,
    *,
    dim: int,
    metric: Metric,
    dtype: DType,
    rows: int | None,
    name: str,
    one: bool = False,
) -> RowParts:
    """The same in several matrices, where they lie in several arrays; see `vector_matrix`."""
    parts: list[NDArray[Any]] = []
    before = 0
    if dim == 0:
        vectors = rereadable(name, vectors)
        dim = inferred_dimension(vectors, name, dtype, one=one)
    for array in arrays_of(vectors, name, dim, dtype):
        matrix = _matrix(array, dim, dtype, rows=rows, name=name, one=one)
        parts.append(numbers.stored(matrix, dim, metric, dtype, name=name, one=one, before=before))
        before += len(matrix)
    if rows is not None and before != rows:
        raise InvalidArgumentError(
            f"ids and {name} differ in number: {rows} ids, {before} vectors",
            expected=rows,
            received=before,
        )
    return RowParts(parts)


def _matrix(
    array: NDArray[Any], dim: int, dtype: DType, *, rows: int | None, name: str, one: bool
) -> NDArray[Any]:
    """An array as rows of the right width."""
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
    packed = dtype.packed and array.shape[1] == dtype.columns(dim) and array.dtype != np.bool_
    if array.shape[1] != dim and not packed:
        refuse_dimension(name, dim, dtype, array.shape[1])
    return array


def query_matrix(
    Q: ArrayLike, *, dim: int, metric: Metric, dtype: DType, name: str = "Q"
) -> NDArray[Any]:
    """Several queries as `vector_matrix` has vectors, but those on float16 as float32."""
    own = DTYPES[dtype.queries]
    return vector_matrix(Q, dim=dim, metric=metric, dtype=own, rows=None, name=name)


def query_row(q: ArrayLike, *, dim: int, metric: Metric, dtype: DType) -> NDArray[Any]:
    """One query, shape (dim,), as a matrix of one row. Raises as `vector_matrix`."""
    own = DTYPES[dtype.queries]
    if dim == 0:
        q = rereadable("q", q)
        dim = inferred_dimension(q, "q", own, one=True)
    if (
        type(q) is np.ndarray
        and q.dtype == own.stored
        and q.shape == (own.columns(dim),)
        and numbers.is_fit(q, metric, own)
    ):
        plain = q.flags.c_contiguous and q.flags.aligned
        return (q if plain else np.require(q, None, ("C", "A")))[None]
    array = array_of(q, "q", dim, own)
    if array.ndim == 2:
        raise InvalidArgumentError(
            f"q must have shape ({dim},), got {array.shape}; search_many takes several queries",
            expected=f"({dim},)",
            received=array.shape,
        )
    return vector_matrix(array, dim=dim, metric=metric, dtype=own, rows=None, name="q", one=True)
