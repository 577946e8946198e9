"""The conventions of Chroma."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import COMPLEMENT, SAME
from vdb.scores.summation_order import ONE_BY_ONE, Order
from vdb.scores.summed_quantities import inner_product, normalized_cosine, squared_l2
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
        EngineRow("l2", "l2", SAME, from_vectors=squared_l2(_FOUR)),
        *ip_and_dot("ip", COMPLEMENT, from_vectors=inner_product(_FOUR)),
        EngineRow(
            "cosine",
            "cosine",
            COMPLEMENT,
            from_vectors=normalized_cosine(ONE_BY_ONE, _FOUR),
            zero=zero_is("1"),
        ),
    ),
)

ENGINES = (_CHROMA,)
