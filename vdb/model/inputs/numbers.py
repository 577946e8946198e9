"""The numbers of vectors: rounded to what a dtype stores, or refused by row and position."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidVectorError
from vdb.model.config import LIMITS
from vdb.model.dtypes import DType
from vdb.model.metrics import UNIT_TOLERANCE, Metric

__all__ = ["are_fit", "is_fit", "stored"]

_LARGEST_SQUARE = np.float32(LIMITS.norm**2)


class _Rows(NamedTuple):
    """What rows of a matrix are called in messages."""

    name: str
    one: bool
    before: int

    def refuse(self, row: int, what: str, expected: str, received: object) -> NoReturn:
        row += self.before
        name = self.name if self.one else f"{self.name}[{row}]"
        raise InvalidVectorError(f"{name} {what}", row=row, expected=expected, received=received)


def stored(
    array: NDArray[Any],
    dim: int,
    metric: Metric,
    dtype: DType,
    *,
    name: str,
    one: bool,
    before: int = 0,
) -> NDArray[Any]:
    """Rows of the right width, shape (n, width), in the dtype's own type, C-contiguous.

    In messages rows are counted from `before`.

    Raises:
        InvalidVectorError: The dtype cannot hold a number, or the metric refuses a vector.
    """
    rows = _Rows(name, one, before)
    if dtype.packed:
        return _bits(array, dim, rows)
    if not dtype.real:
        return _integers(array, metric, dtype, rows)
    # Conversion may overflow to infinity: the squares find it.
    with np.errstate(all="ignore"):
        # Aligned, too: a part of a buffer may begin at any address.
        matrix = np.require(array, dtype.stored, ("C", "A"))
        fit = _are_fit(_squares(matrix), metric, dtype)
    if not fit.all():
        row = int(np.flatnonzero(~fit)[0])
        what, expected, received = _complaint(array[row], matrix[row], metric, dtype)
        rows.refuse(row, what, expected, received)
    return matrix


def is_fit(vector: NDArray[Any], metric: Metric, dtype: DType) -> bool:
    """Whether the metric accepts one vector of the dtype's own type."""
    if dtype.packed:
        return True
    if not dtype.real:
        return metric.shortest == 0 or bool(vector.any())
    with np.errstate(all="ignore"):  # too long a vector may overflow
        square = float(vector.dot(vector))
    if metric.asks_for_unit(dtype):
        return abs(square - 1.0) <= UNIT_TOLERANCE
    return metric.shortest**2 <= square <= float(_LARGEST_SQUARE)


def are_fit(matrix: NDArray[Any], metric: Metric, dtype: DType) -> NDArray[np.bool_]:
    """Which rows of the dtype's own type the metric accepts, bool (n,)."""
    if dtype.real:
        with np.errstate(all="ignore"):
            return np.asarray(_are_fit(_squares(matrix), metric, dtype), dtype=np.bool_)
    if dtype.packed or metric.shortest == 0:
        return np.ones(len(matrix), dtype=np.bool_)
    return np.asarray(matrix.any(axis=1), dtype=np.bool_)


def _squares(matrix: NDArray[Any]) -> NDArray[np.float32]:
    """Squared lengths of rows of real numbers."""
    rows = matrix.astype(np.float32, copy=False)
    squares: NDArray[np.float32] = np.einsum("ij,ij->i", rows, rows)
    return squares


def _are_fit(squares: Any, metric: Metric, dtype: DType) -> Any:
    """Of squared lengths, which the metric accepts. NaN compares false."""
    if metric.asks_for_unit(dtype):
        return np.abs(squares - np.float32(1)) <= np.float32(UNIT_TOLERANCE)
    return (squares <= _LARGEST_SQUARE) & (squares >= np.float32(metric.shortest**2))


def _bits(array: NDArray[Any], dim: int, rows: _Rows) -> NDArray[np.uint8]:
    """Bits from bytes that hold eight each, or from one boolean (or 0 or 1) each."""
    each = array.shape[1] == dim
    if each and array.dtype != np.bool_:
        _refuse_outside(array, 0, 1, rows, "bits, 0 or 1")
    elif array.dtype not in (np.bool_, np.uint8):
        _refuse_outside(array, 0, 255, rows, "bytes of packed bits, 0 to 255")
    whole = array.astype(np.uint8, copy=False)
    return np.ascontiguousarray(np.packbits(whole, axis=1) if each else whole)


def _integers(array: NDArray[Any], metric: Metric, dtype: DType, rows: _Rows) -> NDArray[Any]:
    """Integers, also given as floats that hold them exactly."""
    if array.dtype != dtype.stored:
        range_ = np.iinfo(dtype.stored)
        kind = f"integers from {range_.min} to {range_.max}, as dtype {dtype.name} stores"
        _refuse_outside(array, range_.min, range_.max, rows, kind)
    matrix = np.ascontiguousarray(array, dtype=dtype.stored)
    if metric.shortest > 0:
        zero = ~matrix.any(axis=1)
        if zero.any():
            row = int(np.flatnonzero(zero)[0])
            what = f"is zero, for which {metric.value} has no meaning"
            rows.refuse(row, what, "not zero", 0.0)
    return matrix


def _refuse_outside(array: NDArray[Any], low: int, high: int, rows: _Rows, kind: str) -> None:
    """Raise naming the first number that is no integer of that range."""
    inside = (array >= low) & (array <= high)
    if array.dtype.kind == "f":
        with np.errstate(all="ignore"):
            inside &= array == np.trunc(array)
    if inside.all():
        return
    row, at = (int(i) for i in np.argwhere(~inside)[0])
    number = array[row, at].item()
    what = f"holds {number!r} at position {at}, and must hold {kind}"
    rows.refuse(row, what, kind, number)


def _complaint(
    vector: NDArray[Any], converted: NDArray[Any], metric: Metric, dtype: DType
) -> tuple[str, str, object]:
    """Why a vector of real numbers is refused: a clause, what was expected, what was received."""
    exact = np.asarray(vector, dtype=np.longdouble)
    expected = f"finite, of length {metric.shortest:g} to {LIMITS.norm:g}"
    broken = np.flatnonzero(~np.isfinite(exact))
    if broken.size:
        at = int(broken[0])
        kind = "NaN" if np.isnan(exact[at]) else "infinity"
        return f"holds {kind} at position {at}", expected, kind
    rounded = ""
    if dtype.rounds:
        lost = np.flatnonzero(~np.isfinite(converted))
        if lost.size:
            at, largest = int(lost[0]), np.finfo(dtype.stored).max
            what = f"holds {exact[at]:g} at position {at}, and {dtype.name} ends at {largest:,.0f}"
            return what, f"{-largest:g} to {largest:g}", float(exact[at])
        exact, rounded = converted.astype(np.longdouble), f" as {dtype.name}"
    norm = float(np.sqrt(np.sum(exact * exact)))
    if metric.asks_for_unit(dtype):
        expected = f"|v|^2 within {UNIT_TOLERANCE:g} of 1"
        what = (
            f"has length {norm:.6g}{rounded}, and {metric.value} needs length 1 (its square within "
            f"{UNIT_TOLERANCE:g} of 1); normalise it, or use metric cosine or ip"
        )
    elif norm == 0.0:
        what = f"is zero{rounded}, for which {metric.value} has no meaning"
    elif norm < 1.0:
        what = f"has length {norm:.3g}, too short for {metric.value} in float32"
    else:
        what = f"has length {norm:.3g}, and float32 can compute with {LIMITS.norm:g} at most"
    return what, expected, norm
