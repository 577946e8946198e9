"""The conventions of VSAG."""

from __future__ import annotations

from vdb.scores.engine_rows import NAN_SCORE, Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import COMPLEMENT, SAME
from vdb.scores.summation_order import ByDimension, Order
from vdb.scores.summed_quantities import inner_product, normalized_cosine, squared_l2
from vdb.scores.thresholds import RADIUS

__all__ = ["ENGINES"]

_VSAG_SIXTEEN = Order(lanes=16, fused=True, rest="apart", rest_fused=False)

_VSAG_SUMS = ByDimension(
    _VSAG_SIXTEEN.text,
    lambda dim: Order(lanes=8, fold="sequence", rest="apart") if dim < 16 else _VSAG_SIXTEEN,
)

_VSAG = Engine(
    name="vsag",
    version="VSAG 0.18.5",
    source="antgroup/vsag: fp32_quantizer.cpp, int8_quantizer.cpp, scalar_op.h",
    evidence="measured",
    threshold=RADIUS.named(
        "radius",
        "VSAG refuses a negative radius, so that an inner product above 1 cannot be asked for; "
        "here it can",
    ),
    nan=NAN_SCORE,
    rows=(
        EngineRow("l2", "l2", SAME, from_vectors=squared_l2(_VSAG_SUMS)),
        *ip_and_dot(
            "ip",
            COMPLEMENT,
            from_vectors=inner_product(_VSAG_SUMS),
            note="its former HNSW index has -q.v for int8 vectors",
        ),
        EngineRow(
            "cosine",
            "cosine",
            COMPLEMENT,
            from_vectors=normalized_cosine(_VSAG_SUMS, _VSAG_SUMS, divided=True),
            zero=zero_is("1", " (hgraph, brute_force; the former HNSW index gives NaN)"),
        ),
    ),
)

ENGINES = (_VSAG,)
