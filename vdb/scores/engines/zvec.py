"""The conventions of zvec."""

from __future__ import annotations

from vdb.scores.families import COMPLEMENT, SAME
from vdb.scores.orders import Order
from vdb.scores.rows import Engine, Row, inner, zero_is
from vdb.scores.sums import cosine_of_units, product, squared
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
        Row("l2", "L2, score", SAME, from_vectors=squared(_ZVEC_SUMS)),
        *inner("IP, score", SAME, from_vectors=product(_ZVEC_SUMS)),
        Row(
            "cosine",
            "COSINE, score",
            COMPLEMENT,
            from_vectors=cosine_of_units(Order(lanes=4), _ZVEC_SUMS, divided=True),
            zero=zero_is("1"),
        ),
    ),
)

ENGINES = (_ZVEC,)
