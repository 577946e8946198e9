"""The conventions of Chroma."""

from __future__ import annotations

from vdb.scores.families import COMPLEMENT, SAME
from vdb.scores.orders import ONE_BY_ONE, Order
from vdb.scores.rows import Engine, Row, inner, zero_is
from vdb.scores.sums import cosine_of_units, product, squared
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]

_FOUR = Order(lanes=4, fold="sequence")

_CHROMA = Engine(
    name="chroma",
    version="Chroma 1.5.9",
    source="chroma-core/chroma: rust/distance",
    evidence="measured",
    threshold=none("a query of Chroma"),
    nan="refused on insert; a NaN query gives NaN distances",
    rows=(
        Row("l2", "l2", SAME, from_vectors=squared(_FOUR)),
        *inner("ip", COMPLEMENT, from_vectors=product(_FOUR)),
        Row(
            "cosine",
            "cosine",
            COMPLEMENT,
            from_vectors=cosine_of_units(ONE_BY_ONE, _FOUR),
            zero=zero_is("1"),
        ),
    ),
)

ENGINES = (_CHROMA,)
