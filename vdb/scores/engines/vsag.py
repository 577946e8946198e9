"""The conventions of VSAG."""

from __future__ import annotations

from vdb.scores.families import COMPLEMENT, SAME
from vdb.scores.orders import ByDimension, Order
from vdb.scores.rows import Engine, Row, inner, zero_is
from vdb.scores.sums import cosine_of_units, product, squared
from vdb.scores.thresholds import RADIUS

__all__ = ["ENGINES"]

_NAN_OUT = "accepted; the score is NaN"

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
    nan=_NAN_OUT,
    rows=(
        Row("l2", "l2", SAME, from_vectors=squared(_VSAG_SUMS)),
        *inner(
            "ip",
            COMPLEMENT,
            from_vectors=product(_VSAG_SUMS),
            note="its former HNSW index has -q.v for int8 vectors",
        ),
        Row(
            "cosine",
            "cosine",
            COMPLEMENT,
            from_vectors=cosine_of_units(_VSAG_SUMS, _VSAG_SUMS, divided=True),
            zero=zero_is("1", " (hgraph, brute_force; the former HNSW index gives NaN)"),
        ),
    ),
)

ENGINES = (_VSAG,)
