"""Conversion of one metric's values to another's, which takes vectors of length 1.

``|q - v|^2 = |q|^2 + |v|^2 - 2 q.v`` needs the length of the stored vector, which differs from row
to row; with both lengths 1 it is ``2 - 2 q.v``, and the inner product is the cosine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.metrics import METRICS, UNIT_TOLERANCE

__all__ = ["converted_values"]

_CONVERTIBLE = ("l2", "ip", "dot", "cosine")


def converted_values(
    values: NDArray[np.float64], metric: str, to_metric: str, *, unit_norms: bool
) -> NDArray[np.float64]:
    """Values of one metric as those of another, for the same vectors.

    On the unit sphere ``l2 = 2 - 2 cos`` and ``ip = dot = cos``.

    Raises:
        InvalidArgumentError: The one does not determine the other, or no unit vectors have that
            value.
    """
    if metric == to_metric:
        return values
    if metric not in _CONVERTIBLE or to_metric not in _CONVERTIBLE:
        raise InvalidArgumentError(
            f"to_metric must be {metric!r}, as metric is: between {metric} and {to_metric} no "
            "score tells the other",
            expected=metric,
            received=to_metric,
        )
    # Vectors under dot have length 1, so that their scores tell all the others.
    if not unit_norms and metric != "dot":
        raise InvalidArgumentError(
            f"to_metric must be {metric!r}, as metric is: from {metric} to {to_metric} the lengths "
            "of the vectors are needed, which differ from row to row; give unit_norms=True if all, "
            "queries included, have length 1",
            expected=metric,
            received=to_metric,
        )
    low, high = (0.0, 4.0) if metric == "l2" else (-1.0, 1.0)
    # A tolerance for vectors that count as unit vectors; NaN pads the arrays of results.
    wrong = (values < low - 4 * UNIT_TOLERANCE) | (values > high + 4 * UNIT_TOLERANCE)
    if wrong.any():
        bad = float(values[wrong].flat[0])
        raise InvalidArgumentError(
            f"score must belong to vectors of length 1: their {METRICS[metric].value} is between "
            f"{low:g} and {high:g}, and here it is {bad:g}",
            expected=(low, high),
            received=bad,
        )
    if metric == "l2":
        return np.asarray(1 - values / 2)
    return np.asarray(2 - 2 * values) if to_metric == "l2" else values
