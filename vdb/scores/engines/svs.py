"""The conventions of SVS (Scalable Vector Search)."""

from __future__ import annotations

from vdb.scores.engine_rows import NAN_SCORE, Engine, EngineRow, Zero, ip_and_dot
from vdb.scores.formula_families import SAME
from vdb.scores.summation_order import ONE_BY_ONE, Order
from vdb.scores.summed_quantities import cosine, inner_product, squared_l2
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]

_SVS_SUMS = Order(
    lanes=16, registers=4, fused=True, gather="neighbours", blocks="gathered", rest="in lanes"
)

_SVS = Engine(
    name="svs",
    version="SVS (Scalable Vector Search) 0.5.0",
    source="intel/ScalableVectorSearch: include/svs/core/distance/",
    evidence="measured",
    threshold=none("SVS"),
    nan=NAN_SCORE,
    rows=(
        EngineRow("l2", "L2", SAME, from_vectors=squared_l2(_SVS_SUMS)),
        *ip_and_dot("MIP", SAME, from_vectors=inner_product(_SVS_SUMS)),
        EngineRow(
            "cosine",
            "Cosine",
            SAME,
            from_vectors=cosine(_SVS_SUMS, of_query=ONE_BY_ONE),
            zero=Zero("nan", "accepted; the score is NaN, and rows are out of order"),
            note="a similarity; where k is more than there are rows, Flat pads with id 2^64 - 1, "
            "Vamana with a real row at distance 0",
        ),
    ),
)

ENGINES = (_SVS,)
