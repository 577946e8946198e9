"""The one table of metrics: what the natural value is, which way is closer, which vectors have one.

Inside the kernel everything is a distance, lower is nearer; outside everything is a *value*, the
metric's natural quantity, in the direction given here. CONTRIBUTING.md lists what a new metric
needs besides its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.model import spellings
from vdb.model.arguments import choice
from vdb.model.dtypes import DType
from vdb.model.records import Direction

__all__ = ["METRICS", "UNIT_TOLERANCE", "Metric", "metric_named"]

UNIT_TOLERANCE = 1e-3
"""How far the squared length of a unit vector may be from 1, inclusive; Elasticsearch has the same
bound, and uses it where it asks for unit vectors."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table.

    Attributes:
        name: How it is written in calls, files and messages.
        value: What the natural value is, in words.
        formula: The same as a formula of the query q and the stored vector v.
        direction: Which values are closer.
        low: Smallest possible value.
        high: Largest possible value.
        dtypes: Names of the dtypes that vectors may have.
        shortest: Smallest length (L2 norm) a vector may have; 0 accepts the zero vector.
        unit: Whether vectors of real numbers must have length 1, within `UNIT_TOLERANCE`.
    """

    name: str
    value: str
    formula: str
    direction: Direction
    low: float
    high: float
    dtypes: tuple[str, ...]
    shortest: float = 0.0
    unit: bool = False

    def closer(self, a: NDArray[np.float64] | float, b: NDArray[np.float64] | float) -> Any:
        """Where value ``a`` is at least as close as value ``b``, elementwise."""
        return np.less_equal(a, b) if self.direction == "lower" else np.greater_equal(a, b)

    def asks_for_unit(self, dtype: DType) -> bool:
        """Whether vectors of that dtype must have length 1; of int8, no vector of use has it."""
        return self.unit and dtype.real


_INFINITY = float("inf")
_NUMBERS = ("float32", "float16", "int8")

METRICS: dict[str, Metric] = {
    row.name: row
    for row in (
        Metric("l2", "squared Euclidean distance", "|q - v|^2", "lower", 0.0, _INFINITY, _NUMBERS),
        Metric("ip", "inner product", "q.v", "higher", -_INFINITY, _INFINITY, _NUMBERS),
        # Below this length float32 cannot hold the squares, so that a direction is not defined.
        Metric(
            "cosine",
            "cosine similarity",
            "q.v / (|q| |v|)",
            "higher",
            -1.0,
            1.0,
            _NUMBERS,
            shortest=1e-18,
        ),
        # Of real vectors within 1.001 of zero; of int8, which are not asked for length 1, any.
        Metric(
            "dot",
            "inner product of unit vectors",
            "q.v",
            "higher",
            -_INFINITY,
            _INFINITY,
            _NUMBERS,
            unit=True,
        ),
        Metric("l1", "Manhattan distance", "sum |q_i - v_i|", "lower", 0.0, _INFINITY, _NUMBERS),
        Metric("hamming", "differing bits", "#{i: q_i != v_i}", "lower", 0.0, _INFINITY, ("bit",)),
    )
}


def metric_named(name: object, argument: str = "metric") -> Metric:
    """The row of that name.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is no such metric; the message lists those there are.
    """
    described = {row.name: row.value for row in METRICS.values()}
    return METRICS[choice(argument, name, tuple(METRICS), spellings.METRICS, described)]
