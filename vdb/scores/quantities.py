"""The natural values that scores are made of, metric by metric."""

from __future__ import annotations

from vdb.arguments import choice
from vdb.metrics import METRICS, Metric

__all__ = ["QUANTITIES", "SYMBOLS", "quantity_named"]

_INFINITY = float("inf")

QUANTITIES: dict[str, Metric] = METRICS | {
    row.name: row
    for row in (
        Metric("dot", "inner product of unit vectors", "q.v", "higher", -_INFINITY, _INFINITY),
        Metric("l1", "Manhattan distance", "sum |q_i - v_i|", "lower", 0.0, _INFINITY),
        Metric("hamming", "differing bits", "#{i: q_i != v_i}", "lower", 0.0, _INFINITY),
    )
    if row.name not in METRICS
}

SYMBOLS = {
    "l2": "|q - v|^2",
    "ip": "q.v",
    "dot": "q.v",
    "cosine": "cos(q, v)",
    "l1": "|q - v|_1",
    "hamming": "hamming(q, v)",
}
"""How formulas write a metric's natural value."""


def quantity_named(name: object) -> Metric:
    """The metric of that name.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is no such metric; the message lists those there are.
    """
    return QUANTITIES[choice("metric", name, tuple(QUANTITIES))]
