"""Between values and scores: the public functions of `vdb.scores`.

Scalars in, floats out; arrays in, arrays of the same shape out.
"""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.arguments import choice, whole
from vdb.errors import ArgumentTypeError
from vdb.scores.table import Convention, convention_named, names

__all__ = ["conventions", "convert", "describe", "score", "value"]

_DTYPES = ("float32",)


def conventions(metric: str) -> list[str]:
    """Names of the conventions that exist for a metric, "native" first.

    Raises:
        InvalidArgumentError: There is no such metric.
    """
    return names(metric)


def describe(convention: str, metric: str) -> Convention:
    """Formula, direction, range, threshold rule, engine version and source of one convention.

    Raises:
        InvalidArgumentError: There is no such metric, or no such convention for it.
    """
    return convention_named(convention, metric)


@overload
def score(
    value: float, *, metric: str, convention: str, dim: int | None = None, dtype: str = "float32"
) -> float: ...
@overload
def score(
    value: ArrayLike,
    *,
    metric: str,
    convention: str,
    dim: int | None = None,
    dtype: str = "float32",
) -> float | NDArray[Any]: ...
def score(
    value: ArrayLike,
    *,
    metric: str,
    convention: str,
    dim: int | None = None,
    dtype: str = "float32",
) -> float | NDArray[Any]:
    """The score that a convention gives to a natural value.

    Args:
        value: One value, or an array of them of any shape.
        metric: The metric the value belongs to.
        convention: The convention wanted.
        dim: Dimension of the vectors, for the conventions that need it.
        dtype: Stored type of the vectors, for the conventions that depend on it.

    Returns:
        A float for a scalar, else an array of the same shape.

    Raises:
        InvalidArgumentError: Unknown metric or convention, or dim or dtype out of range.
        ArgumentTypeError: The value is not numeric.
    """
    row = convention_named(convention, metric)
    _check_vectors(dim, dtype)
    return _plain(row.from_value(_numbers("value", value)))


@overload
def value(
    score: float, *, metric: str, convention: str, dim: int | None = None, dtype: str = "float32"
) -> float: ...
@overload
def value(
    score: ArrayLike,
    *,
    metric: str,
    convention: str,
    dim: int | None = None,
    dtype: str = "float32",
) -> float | NDArray[Any]: ...
def value(
    score: ArrayLike,
    *,
    metric: str,
    convention: str,
    dim: int | None = None,
    dtype: str = "float32",
) -> float | NDArray[Any]:
    """The natural value behind a score: the inverse of `score`, with the same arguments.

    Raises:
        NotInvertibleError: More than one value has that score.
        InvalidArgumentError: Unknown metric or convention, or dim or dtype out of range.
        ArgumentTypeError: The score is not numeric.
    """
    row = convention_named(convention, metric)
    _check_vectors(dim, dtype)
    return _plain(row.to_value(_numbers("score", score)))


@overload
def convert(
    score: float,
    *,
    metric: str,
    source: str,
    target: str,
    dim: int | None = None,
    dtype: str = "float32",
) -> float: ...
@overload
def convert(
    score: ArrayLike,
    *,
    metric: str,
    source: str,
    target: str,
    dim: int | None = None,
    dtype: str = "float32",
) -> float | NDArray[Any]: ...
def convert(
    score: ArrayLike,
    *,
    metric: str,
    source: str,
    target: str,
    dim: int | None = None,
    dtype: str = "float32",
) -> float | NDArray[Any]:
    """A score of one convention as the score of another, within one metric.

    Raises:
        NotInvertibleError: The source convention gives that score to more than one value.
        InvalidArgumentError: Unknown metric or convention, or dim or dtype out of range.
        ArgumentTypeError: The score is not numeric.
    """
    giver = convention_named(source, metric, argument="source")
    taker = convention_named(target, metric, argument="target")
    _check_vectors(dim, dtype)
    return _plain(taker.from_value(giver.to_value(_numbers("score", score))))


def _numbers(name: str, given: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(given)
    if array.dtype.kind not in "fiu":
        raise ArgumentTypeError(
            f"{name} must be a number or an array of numbers, got {type(given).__name__}",
            expected="numbers",
            received=type(given).__name__,
        )
    return array.astype(np.float64)


def _plain(result: NDArray[Any]) -> float | NDArray[Any]:
    return float(result) if np.ndim(result) == 0 else result


def _check_vectors(dim: int | None, dtype: str) -> None:
    if dim is not None:
        whole("dim", dim, 1, 1 << 31)
    choice("dtype", dtype, _DTYPES)
