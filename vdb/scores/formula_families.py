"""The formula families: every way in which engines turn a natural value into a score, once.

Each works elementwise, in the precision of its argument, and has an inverse. ``x`` is the
natural value (squared L2, inner product, cosine similarity, L1, differing bits), ``s`` the score
and ``n`` the dimension of the vectors (of bit vectors: the number of bits).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ANGLE",
    "BYTE_DOT",
    "CERTAINTY",
    "CHORD",
    "CLAMPED_COMPLEMENT",
    "COMPLEMENT",
    "DOUBLED_COMPLEMENT",
    "FRACTION",
    "HALVED",
    "HALVED_CLAMPED",
    "HALVED_CLIPPED",
    "HALVED_COMPLEMENT",
    "MIP",
    "NEGATED",
    "PRENORMALIZED",
    "RECIPROCAL",
    "RECIPROCAL_ANGLE",
    "RECIPROCAL_COMPLEMENT",
    "RECIPROCAL_ROOT",
    "ROOT",
    "SAME",
    "SOFTSIGN",
    "Family",
]

Numbers: TypeAlias = NDArray[Any]
Formula: TypeAlias = Callable[[Numbers, Any], Numbers]


class Family(NamedTuple):
    """A formula and its inverse.

    Attributes:
        name: What it is called in this table.
        text: The score as a formula of ``{x}`` (and ``{n}``).
        inverse_text: The value as a formula of ``{s}`` (and ``{n}``).
        forward: The score of values, given n; keeps the precision of the array.
        inverse: The value of scores, given n.
        falls: Whether larger values have smaller scores.
        needs_dim: Whether ``n`` is needed.
        lost: Which scores several values share, so that none of them can be told.
        lost_text: Those scores and their values, in words.
        image: Smallest and largest score, where the metric's range does not tell.
    """

    name: str
    text: str
    inverse_text: str
    forward: Formula
    inverse: Formula
    falls: bool = False
    needs_dim: bool = False
    lost: Callable[[Numbers], Numbers] | None = None
    lost_text: str = ""
    image: tuple[float, float] | None = None


def _mip(x: Numbers, _: Any) -> Numbers:
    return np.where(x < 0, 1 / (1 - np.minimum(x, 0)), np.maximum(x, 0) + 1)


def _mip_inverse(s: Numbers, _: Any) -> Numbers:
    return np.where(s >= 1, s - 1, 1 - 1 / np.minimum(s, 1))


def _softsign(x: Numbers, _: Any) -> Numbers:
    half = 0.5 / (1 + np.abs(x))
    return np.where(x < 0, half, 1 - half)


def _softsign_inverse(s: Numbers, _: Any) -> Numbers:
    return np.where(s >= 0.5, 0.5 / (1 - s) - 1, 1 - 0.5 / s)


def _angle(x: Numbers, _: Any) -> Numbers:
    return np.asarray(np.arccos(np.clip(x, -1, 1)))


SAME = Family("same", "{x}", "{s}", lambda x, _: x, lambda s, _: s)
NEGATED = Family("negated", "-{x}", "-{s}", lambda x, _: -x, lambda s, _: -s, falls=True)
COMPLEMENT = Family(
    "complement", "1 - {x}", "1 - {s}", lambda x, _: 1 - x, lambda s, _: 1 - s, falls=True
)
CLAMPED_COMPLEMENT = Family(
    "clamped complement",
    "max(1 - {x}, 0)",
    "1 - {s}",
    # Values above 1 are rounding only.
    lambda x, _: np.maximum(1 - x, 0),
    lambda s, _: 1 - s,
    falls=True,
)
DOUBLED_COMPLEMENT = Family(
    "doubled complement",
    "2 - 2 * {x}",
    "1 - {s} / 2",
    lambda x, _: 2 - 2 * x,
    lambda s, _: 1 - s / 2,
    falls=True,
)
HALVED_COMPLEMENT = Family(
    "halved complement",
    "(1 - {x}) / 2",
    "1 - 2 * {s}",
    lambda x, _: (1 - x) / 2,
    lambda s, _: 1 - 2 * s,
    falls=True,
)
ROOT = Family("root", "sqrt({x})", "{s}^2", lambda x, _: np.sqrt(x), lambda s, _: s * s)
RECIPROCAL = Family(
    "reciprocal",
    "1 / (1 + {x})",
    "1 / {s} - 1",
    lambda x, _: 1 / (1 + x),
    lambda s, _: 1 / s - 1,
    falls=True,
    lost=lambda s: s <= 0,
    lost_text="only values without end come near 0",
)
RECIPROCAL_ROOT = Family(
    "reciprocal root",
    "1 / (1 + sqrt({x}))",
    "(1 / {s} - 1)^2",
    lambda x, _: 1 / (1 + np.sqrt(x)),
    lambda s, _: (1 / s - 1) ** 2,
    falls=True,
    lost=lambda s: s <= 0,
    lost_text="only values without end come near 0",
)
HALVED = Family(
    "halved",
    "(1 + {x}) / 2",
    "2 * {s} - 1",
    # Below 0 is rounding only.
    lambda x, _: np.maximum((1 + x) / 2, 0),
    lambda s, _: 2 * s - 1,
)
CERTAINTY = Family(
    "certainty",
    "1 - max(1 - {x}, 0) / 2",
    "2 * {s} - 1",
    lambda x, _: 1 - np.maximum(1 - x, 0) / 2,
    HALVED.inverse,
)
HALVED_CLIPPED = Family(
    "halved, clipped",
    "max((1 + {x}) / 2, 0)",
    "2 * {s} - 1",
    HALVED.forward,
    HALVED.inverse,
    lost=lambda s: s <= 0,
    lost_text="every value of -1 and below has score 0",
    image=(0.0, float("inf")),
)
HALVED_CLAMPED = Family(
    "halved, clamped",
    "min(max((1 + {x}) / 2, 0), 1)",
    "2 * {s} - 1",
    # Beyond -1 and 1 is rounding only, and the tolerance of unit vectors.
    lambda x, _: np.clip((1 + x) / 2, 0, 1),
    HALVED.inverse,
    image=(0.0, 1.0),
)
BYTE_DOT = Family(
    "byte dot",
    "0.5 + {x} / (32768 * {n})",
    "({s} - 0.5) * 32768 * {n}",
    lambda x, n: x / (n * x.dtype.type(32768)) + x.dtype.type(0.5),
    lambda s, n: (s - 0.5) * 32768 * n,
    needs_dim=True,
    image=(0.5 - 127 / 256, 1.0),
)
MIP = Family(
    "maximum inner product",
    "{x} + 1 if {x} >= 0 else 1 / (1 - {x})",
    "{s} - 1 if {s} >= 1 else 1 - 1 / {s}",
    _mip,
    _mip_inverse,
    lost=lambda s: s <= 0,
    lost_text="only values without end come near 0",
)
SOFTSIGN = Family(
    "softsign, halved",
    "1 - 0.5 / (1 + {x}) if {x} >= 0 else 0.5 / (1 - {x})",
    "0.5 / (1 - {s}) - 1 if {s} >= 0.5 else 1 - 0.5 / {s}",
    _softsign,
    _softsign_inverse,
    lost=lambda s: (s <= 0) | (s >= 1),
    lost_text="only values without end come near 0 and 1",
    image=(0.0, 1.0),
)
RECIPROCAL_COMPLEMENT = Family(
    "reciprocal complement",
    "1 / (2 - {x})",
    "2 - 1 / {s}",
    lambda x, _: 1 / (1 + (1 - x)),
    lambda s, _: 2 - 1 / s,
)
PRENORMALIZED = Family(
    "prenormalized",
    "1 / (2 - min(max({x}, -1), 1))",
    "2 - 1 / {s}",
    lambda x, _: 1 / (1 + (1 - np.clip(x, -1, 1))),
    lambda s, _: 2 - 1 / s,
    lost=lambda s: (s >= 1) | (s <= 1 / 3),
    lost_text="q.v / |q|^2 of 1 and above has score 1, of -1 and below 1/3",
    image=(1 / 3, 1.0),
)
ANGLE = Family("angle", "arccos({x})", "cos({s})", _angle, lambda s, _: np.cos(s), falls=True)
RECIPROCAL_ANGLE = Family(
    "reciprocal angle",
    "1 / (1 + arccos({x}))",
    "cos(1 / {s} - 1)",
    lambda x, n: 1 / (1 + _angle(x, n)),
    lambda s, _: np.cos(1 / s - 1),
)
CHORD = Family(
    "chord",
    "sqrt(2 - 2 * {x})",
    "1 - {s}^2 / 2",
    lambda x, _: np.sqrt(np.maximum(2 - 2 * x, 0)),
    lambda s, _: 1 - s * s / 2,
    falls=True,
)
FRACTION = Family(
    "fraction",
    "({n} - {x}) / {n}",
    "{n} * (1 - {s})",
    lambda x, n: (n - x) / n,
    lambda s, n: n * (1 - s),
    falls=True,
    needs_dim=True,
    image=(0.0, 1.0),
)
