"""Conversion between values and scores: the public functions of `vdb.scores`.

Scalars in, floats out; arrays in, arrays of the same shape out.
"""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.errors import ArgumentTypeError
from vdb.model.arguments import truth, unreadable, whole
from vdb.model.dtypes import dtype_named
from vdb.model.metrics import metric_named
from vdb.scores.cross_metric import converted_values
from vdb.scores.table import Convention, convention_named, names

__all__ = ["conventions", "convert", "describe", "score", "value"]


def conventions(metric: str) -> list[str]:
    """Names of the conventions that exist for a metric, "native" first.

    Raises:
        InvalidArgumentError: There is no such metric.

    Example:
        vdb.scores.conventions("cosine")
    """
    return names(metric)


def describe(convention: str, metric: str, *, dtype: str = "float32") -> Convention:
    """Formula, direction, range, threshold rule, engine version and source of one convention.

    Args:
        convention: Its name, or another name of it (``alias_of`` says of which).
        metric: The metric's name.
        dtype: Stored type of the vectors; some engines score bytes by another formula.

    Raises:
        InvalidArgumentError: There is no such metric, or no such convention for it.

    Example:
        print(vdb.scores.describe("elasticsearch", "cosine").formula)
    """
    return convention_named(convention, metric, dtype=dtype_named(dtype).name)


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
        convention: The convention of the score.
        dim: Dimension of the vectors, for the conventions that need it.
        dtype: Stored type of the vectors, for the conventions that depend on it.

    Returns:
        A float for a scalar, else an array of the same shape, in the engine's precision: float32
        or float64. NaN stays NaN.

    Raises:
        InvalidArgumentError: Unknown metric or convention; dim missing where it is needed; dim,
            dtype or a value out of range.
        ArgumentTypeError: The value is not numeric.

    Example:
        vdb.scores.score(0.5, metric="cosine", convention="elasticsearch")  # 0.75
    """
    row = convention_named(convention, metric, dtype=_checked(dim, dtype))
    return _plain(row.from_value(_numbers("value", value), dim))


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

    Where values lie closer together than scores can tell apart, the value is as good as the score:
    ``1 / (1 + |q - v|^2)`` is 1 in float32 for all distances below 6e-8, and its value is 0.

    Raises:
        NotInvertibleError: A whole range of values has that score.
        InvalidArgumentError: Unknown metric or convention; dim missing where it is needed; dim,
            dtype or a score out of range.
        ArgumentTypeError: The score is not numeric.

    Example:
        vdb.scores.value(0.75, metric="cosine", convention="elasticsearch")  # 0.5
    """
    row = convention_named(convention, metric, dtype=_checked(dim, dtype))
    return _plain(row.to_value(_numbers("score", score), dim))


@overload
def convert(
    score: float,
    *,
    metric: str,
    source: str,
    target: str,
    to_metric: str | None = None,
    unit_norms: bool = False,
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
    to_metric: str | None = None,
    unit_norms: bool = False,
    dim: int | None = None,
    dtype: str = "float32",
) -> float | NDArray[Any]: ...
def convert(
    score: ArrayLike,
    *,
    metric: str,
    source: str,
    target: str,
    to_metric: str | None = None,
    unit_norms: bool = False,
    dim: int | None = None,
    dtype: str = "float32",
) -> float | NDArray[Any]:
    """A score of one convention as the score of another.

    Args:
        score: One score, or an array of them of any shape.
        metric: The metric the score belongs to.
        source: Its convention.
        target: The convention of the result.
        to_metric: The metric of the result, where it is another one.
        unit_norms: Whether query and stored vectors all have length 1. Only then does a squared
            distance tell the cosine and the inner product, and the other way round.
        dim: Dimension of the vectors, for the conventions that need it.
        dtype: Stored type of the vectors, for the conventions that depend on it.

    Raises:
        NotInvertibleError: The source convention gives that score to more than one value.
        InvalidArgumentError: Unknown metric or convention; dim missing where it is needed; dim,
            dtype or a score out of range; two metrics of which one does not tell the other.
        ArgumentTypeError: The score is not numeric.

    Example:
        vdb.scores.convert(0.75, metric="cosine", source="elasticsearch", target="chroma")  # 0.5
    """
    kind = _checked(dim, dtype)
    final_metric = metric if to_metric is None else metric_named(to_metric, "to_metric").name
    from_row = convention_named(source, metric, dtype=kind, argument="source")
    to_row = convention_named(target, final_metric, dtype=kind, argument="target")
    unit = truth("unit_norms", unit_norms)
    values = from_row.to_value(_numbers("score", score), dim)
    values = converted_values(values, metric, final_metric, unit_norms=unit)
    return _plain(to_row.from_value(values, dim))


def _numbers(name: str, argument: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.asarray(argument)
    except ValueError as error:
        if not isinstance(argument, list | tuple):
            raise unreadable(name, argument, error) from error
        # Rows of different lengths.
        raise ArgumentTypeError(
            f"{name} must be a number or an array of numbers, got a {type(argument).__name__} "
            "that is no array: its rows differ in length",
            expected="numbers",
            received=type(argument).__name__,
        ) from None
    except Exception as error:
        raise unreadable(name, argument, error) from error
    if array.dtype.kind not in "fiu":
        raise ArgumentTypeError(
            f"{name} must be a number or an array of numbers, got {type(argument).__name__}",
            expected="numbers",
            received=type(argument).__name__,
        )
    return array.astype(np.float64)


def _plain(result: NDArray[Any]) -> float | NDArray[Any]:
    return float(result) if np.ndim(result) == 0 else result


def _checked(dim: int | None, dtype: str) -> str:
    if dim is not None:
        whole("dim", dim, 1, 1 << 31)
    return dtype_named(dtype).name
