"""The conventions of zvec."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import COMPLEMENT, SAME
from vdb.scores.summation_order import Order
from vdb.scores.summed_quantities import inner_product, normalized_cosine, squared_l2
from vdb.scores.thresholds import POSITIVE_RADIUS

__all__ = ["ENGINES"]

_ZVEC_SUMS = Order(lanes=16, fused=True, rest="in lanes")

_ZVEC = Engine(
    name="zvec",
    version="zvec 0.8.0",
    source="alibaba/zvec: inner_product_metric.cc",
    evidence="measured",
    threshold=POSITIVE_RADIUS,
    nan="accepted; the row never appears in results",
    rows=(
        EngineRow("l2", "L2, score", SAME, from_vectors=squared_l2(_ZVEC_SUMS)),
        *ip_and_dot("IP, score", SAME, from_vectors=inner_product(_ZVEC_SUMS)),
        EngineRow(
            "cosine",
            "COSINE, score",
            COMPLEMENT,
            from_vectors=normalized_cosine(Order(lanes=4), _ZVEC_SUMS, divided=True),
            zero=zero_is("1"),
        ),
    ),
)

ENGINES = (_ZVEC,)
