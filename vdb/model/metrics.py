"""The one table of metrics: a metric is a row of it, and a row of `kernel/distance/metric.h`.

Inside the kernel everything is a distance, lower is nearer; outside everything is a *value*, the
metric's natural quantity, in the direction given here. The functions of a row are the reference in
numpy: analyses compute with them, hits carry the kernel's own values, and the two agree to the last
few digits of a float64.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.model import synonyms
from vdb.model.arguments import choice
from vdb.model.dtypes import DTYPES, DType
from vdb.model.records import Direction
from vdb.model.results import digits

__all__ = ["METRICS", "UNIT_TOLERANCE", "Metric", "metric_named"]

UNIT_TOLERANCE = 1e-3
"""How far the squared length of a unit vector may be from 1, inclusive; Elasticsearch has the same
bound, and uses it where it asks for unit vectors."""

Floats: TypeAlias = NDArray[np.float64]
Steps: TypeAlias = tuple[tuple[str, str], ...]
"""A computation in steps: what is computed, and how it comes out."""


class Metric(NamedTuple):
    """One row of the table.

    Attributes:
        name: How it is written in calls, files and messages.
        value: What the natural value is, in words.
        formula: The same as a formula of the query q and the stored vector v.
        symbol: The same where it is a part of another formula.
        direction: Which values are closer.
        low: Smallest possible value.
        high: Largest possible value.
        dtypes: Names of the dtypes that vectors may have.
        compute: Values, float64 (n,), of a query (dim,) and vectors (n, dim), float64, bits packed
            in bytes. Equal vectors have equal values, wherever they stand in a matrix; a product of
            matrices does not promise that.
        derive: The steps from a query and a vector, float64 (dim,), to their value, such as a
            person can follow with a pocket calculator.
        shortest: Smallest length (L2 norm) a vector may have; 0 accepts the zero vector.
        unit: Whether vectors of real numbers must have length 1, within `UNIT_TOLERANCE`.
        distances: Values as the distances of other libraries, 0 for equal vectors; None where
            values are none.
    """

    name: str
    value: str
    formula: str
    symbol: str
    direction: Direction
    low: float
    high: float
    dtypes: tuple[str, ...]
    compute: Callable[[Floats, Floats], Floats]
    derive: Callable[[Floats, Floats, float], Steps]
    shortest: float = 0.0
    unit: bool = False
    distances: Callable[[Floats], Floats] | None = None

    def closer(self, a: Floats | float, b: Floats | float) -> Any:
        """Where value ``a`` is at least as close as value ``b``, elementwise."""
        return np.less_equal(a, b) if self.direction == "lower" else np.greater_equal(a, b)

    def values(self, query: NDArray[np.generic], vectors: NDArray[np.generic]) -> Floats:
        """Values of one query (dim,) and n vectors (n, dim), bits packed; NaN where there is none.

        Example:
            METRICS["l2"].values(np.zeros(2), np.array([[3.0, 4.0]]))  # array([25.])
        """
        return self.compute(query.astype(np.float64), vectors.astype(np.float64))

    @property
    def refuses_zero(self) -> bool:
        """Whether a query of length 0 has no value."""
        return self.shortest > 0 or self.unit

    def asks_for_unit(self, dtype: DType) -> bool:
        """Whether vectors of that dtype must have length 1; of int8, no vector of use has it."""
        return self.unit and dtype.real


def _l2(query: Floats, vectors: Floats) -> Floats:
    differences = vectors - query
    squares: Floats = np.einsum("ij,ij->i", differences, differences)
    return squares


def _inner_product(query: Floats, vectors: Floats) -> Floats:
    products: Floats = np.einsum("ij,j->i", vectors, query)
    return products


def _cosine(query: Floats, vectors: Floats) -> Floats:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors) * (query @ query))
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines: Floats = np.clip(_inner_product(query, vectors) / lengths, -1.0, 1.0)
    return cosines


def _l1(query: Floats, vectors: Floats) -> Floats:
    sums: Floats = np.abs(vectors - query).sum(axis=1)
    return sums


def _hamming(query: Floats, vectors: Floats) -> Floats:
    differences = np.bitwise_xor(query.astype(np.uint8), vectors.astype(np.uint8))
    bits: Floats = np.unpackbits(differences, axis=1).sum(axis=1).astype(np.float64)
    return bits


def _length_steps(query: Floats, vector: Floats) -> tuple[float, float, float, Steps]:
    """Inner product and both lengths, and the steps to them."""
    dot = float(query @ vector)
    q, v = sqrt(float(query @ query)), sqrt(float(vector @ vector))
    steps = (
        ("q.v", f"sum of q[i] v[i] = {digits(dot)}"),
        ("|q|", f"sqrt(q.q) = {digits(q)}"),
        ("|v|", f"sqrt(v.v) = {digits(v)}"),
    )
    return dot, q, v, steps


def _l2_steps(query: Floats, vector: Floats, value: float) -> Steps:
    dot, q, v, steps = _length_steps(query, vector)
    numbers = f"{digits(q * q)} + {digits(v * v)} - 2 x {digits(dot)}"
    return (*steps, ("|q - v|^2", f"|q|^2 + |v|^2 - 2 q.v = {numbers} = {digits(value)}"))


def _inner_product_steps(query: Floats, vector: Floats, value: float) -> Steps:
    dot, q, v, steps = _length_steps(query, vector)
    factors: Steps = ()
    if q and v:
        cosine = digits(dot / (q * v))
        factors = (("of which", f"lengths |q| |v| = {digits(q * v)}, direction cos = {cosine}"),)
    return (*steps, *factors, ("value", f"q.v = {digits(value)}"))


def _cosine_steps(query: Floats, vector: Floats, value: float) -> Steps:
    dot, q, v, steps = _length_steps(query, vector)
    numbers = f"{digits(dot)} / ({digits(q)} x {digits(v)})"
    return (*steps, ("cosine", f"q.v / (|q| |v|) = {numbers} = {digits(value)}"))


def _l1_steps(query: Floats, vector: Floats, value: float) -> Steps:
    differences = np.abs(query - vector)
    i = int(np.argmax(differences))
    largest, mean = float(differences[i]), float(differences.mean())
    return (
        ("largest difference", f"|q[i] - v[i]| = {digits(largest)} at i = {i}"),
        ("mean difference", f"over {len(differences):,} dimensions {digits(mean)}"),
        ("value", f"sum of |q[i] - v[i]| = {digits(value)}"),
    )


def _hamming_steps(query: Floats, vector: Floats, value: float) -> Steps:
    bits = np.unpackbits(query.astype(np.uint8)), np.unpackbits(vector.astype(np.uint8))
    ones = [f"{int(row.sum()):,}" for row in bits]
    return (
        ("ones", f"of {len(bits[0]):,} bits q has {ones[0]}, v has {ones[1]}"),
        ("value", f"bits in which q and v differ = {digits(value)}"),
    )


def _root(values: Floats) -> Floats:
    roots: Floats = np.sqrt(values)
    return roots


def _below_1(values: Floats) -> Floats:
    distances: Floats = np.maximum(1.0 - values, 0.0)
    return distances


def _unchanged(values: Floats) -> Floats:
    return values.copy()


_INFINITY = float("inf")
_NUMBERS = tuple(dtype.name for dtype in DTYPES.values() if not dtype.packed)
_BITS = tuple(dtype.name for dtype in DTYPES.values() if dtype.packed)

METRICS: dict[str, Metric] = {
    row.name: row
    for row in (
        Metric(
            "l2",
            value="squared Euclidean distance",
            formula="|q - v|^2",
            symbol="|q - v|^2",
            direction="lower",
            low=0.0,
            high=_INFINITY,
            dtypes=_NUMBERS,
            compute=_l2,
            derive=_l2_steps,
            distances=_root,
        ),
        Metric(
            "ip",
            value="inner product",
            formula="q.v",
            symbol="q.v",
            direction="higher",
            low=-_INFINITY,
            high=_INFINITY,
            dtypes=_NUMBERS,
            compute=_inner_product,
            derive=_inner_product_steps,
        ),
        Metric(
            "cosine",
            value="cosine similarity",
            formula="q.v / (|q| |v|)",
            symbol="cos(q, v)",
            direction="higher",
            low=-1.0,
            high=1.0,
            dtypes=_NUMBERS,
            compute=_cosine,
            derive=_cosine_steps,
            # Below this length float32 cannot hold the squares: a direction is not defined.
            shortest=1e-18,
            distances=_below_1,
        ),
        Metric(
            "dot",
            value="inner product of unit vectors",
            formula="q.v",
            symbol="q.v",
            direction="higher",
            # Of real vectors within 1.001 of zero; int8 vectors need not have length 1.
            low=-_INFINITY,
            high=_INFINITY,
            dtypes=_NUMBERS,
            compute=_inner_product,
            derive=_inner_product_steps,
            unit=True,
            distances=_below_1,
        ),
        Metric(
            "l1",
            value="Manhattan distance",
            formula="sum |q_i - v_i|",
            symbol="|q - v|_1",
            direction="lower",
            low=0.0,
            high=_INFINITY,
            dtypes=_NUMBERS,
            compute=_l1,
            derive=_l1_steps,
            distances=_unchanged,
        ),
        Metric(
            "hamming",
            value="differing bits",
            formula="#{i: q_i != v_i}",
            symbol="hamming(q, v)",
            direction="lower",
            low=0.0,
            high=_INFINITY,
            dtypes=_BITS,
            compute=_hamming,
            derive=_hamming_steps,
            distances=_unchanged,
        ),
    )
}


def metric_named(name: object, argument: str = "metric") -> Metric:
    """The row of that name.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is no such metric; the message lists those there are.
    """
    described = {row.name: row.value for row in METRICS.values()}
    return METRICS[choice(argument, name, tuple(METRICS), synonyms.METRICS, described)]
