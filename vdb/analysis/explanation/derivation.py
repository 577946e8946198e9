"""How a natural value comes about, in steps that a person can follow with a pocket calculator."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["derive", "digits"]

Lines: TypeAlias = tuple[tuple[str, str], ...]
Vector: TypeAlias = NDArray[np.float64]


def digits(number: float) -> str:
    """A number to nine significant digits: all that a float32 has."""
    return f"{number:.9g}"


def derive(metric: str, query: Vector, vector: Vector, value: float) -> Lines:
    """The steps from the two vectors (dim,) to the value of a hit, as (what, how it comes out)."""
    return _STEPS[metric](query, vector, value)


def _lengths(query: Vector, vector: Vector) -> tuple[float, float, float, Lines]:
    dot = float(query @ vector)
    q, v = sqrt(float(query @ query)), sqrt(float(vector @ vector))
    lines = (
        ("q.v", f"sum of q[i] v[i] = {digits(dot)}"),
        ("|q|", f"sqrt(q.q) = {digits(q)}"),
        ("|v|", f"sqrt(v.v) = {digits(v)}"),
    )
    return dot, q, v, lines


def _l2(query: Vector, vector: Vector, value: float) -> Lines:
    dot, q, v, lines = _lengths(query, vector)
    numbers = f"{digits(q * q)} + {digits(v * v)} - 2 x {digits(dot)}"
    return (*lines, ("|q - v|^2", f"|q|^2 + |v|^2 - 2 q.v = {numbers} = {digits(value)}"))


def _ip(query: Vector, vector: Vector, value: float) -> Lines:
    dot, q, v, lines = _lengths(query, vector)
    angle: Lines = ()
    if q and v:
        cosine = digits(dot / (q * v))
        angle = (("of which", f"lengths |q| |v| = {digits(q * v)}, direction cos = {cosine}"),)
    return (*lines, *angle, ("value", f"q.v = {digits(value)}"))


def _cosine(query: Vector, vector: Vector, value: float) -> Lines:
    dot, q, v, lines = _lengths(query, vector)
    numbers = f"{digits(dot)} / ({digits(q)} x {digits(v)})"
    return (*lines, ("cosine", f"q.v / (|q| |v|) = {numbers} = {digits(value)}"))


def _l1(query: Vector, vector: Vector, value: float) -> Lines:
    apart = np.abs(query - vector)
    largest = int(np.argmax(apart))
    return (
        ("largest difference", f"|q[i] - v[i]| = {digits(float(apart[largest]))} at i = {largest}"),
        ("mean difference", f"over {len(apart):,} dimensions {digits(float(apart.mean()))}"),
        ("value", f"sum of |q[i] - v[i]| = {digits(value)}"),
    )


def _hamming(query: Vector, vector: Vector, value: float) -> Lines:
    bits = np.unpackbits(query.astype(np.uint8)), np.unpackbits(vector.astype(np.uint8))
    ones = [f"{int(row.sum()):,}" for row in bits]
    return (
        ("ones", f"of {len(bits[0]):,} bits q has {ones[0]}, v has {ones[1]}"),
        ("value", f"bits in which q and v differ = {digits(value)}"),
    )


_STEPS: dict[str, Callable[[Vector, Vector, float], Lines]] = {
    "l2": _l2,
    "ip": _ip,
    "cosine": _cosine,
    "dot": _ip,
    "l1": _l1,
    "hamming": _hamming,
}
