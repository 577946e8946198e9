"""The conventions of Milvus."""

from __future__ import annotations

from vdb.scores.engine_rows import NAN_SCORE, Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import SAME
from vdb.scores.partial_normalization import milvus
from vdb.scores.summation_order import SIXTEEN, FrontFour, Order
from vdb.scores.summed_quantities import SQUARED_NORM, capped_cosine, inner_product, squared_l2
from vdb.scores.thresholds import STRICT, UNROUNDED_STRICT, WHOLE_STRICT

__all__ = ["ENGINES"]

_MILVUS_NORMS = Order(lanes=16, registers=2, fused=True, blocks="gathered", rest="in lanes")

_MILVUS_RADIUS = STRICT.named("radius", "its range_filter, the near bound, is not offered here")

_SIMILARITY = "a similarity, although it is called a distance"

_MILVUS = Engine(
    name="milvus",
    version="Milvus 2.5 (lite 2.5.1)",
    source="zilliztech/knowhere: common/utils.cc, comp/brute_force.cc, range_util.h",
    evidence="measured",
    threshold=_MILVUS_RADIUS,
    nan="accepted; the row never appears in results",
    rows=(
        EngineRow("l2", "L2, distance", SAME, from_vectors=squared_l2(SIXTEEN)),
        *ip_and_dot("IP, distance", SAME, from_vectors=inner_product(SIXTEEN), note=_SIMILARITY),
        EngineRow(
            "cosine",
            "COSINE, distance",
            SAME,
            from_vectors=milvus(_MILVUS_NORMS, SIXTEEN),
            zero=zero_is("0"),
            note=_SIMILARITY,
        ),
        EngineRow("hamming", "HAMMING, distance", SAME, WHOLE_STRICT),
    ),
)

_MILVUS_3_SUMS = FrontFour(Order(lanes=8, fused=True, fold="quarters", rest_fused=False))

_MILVUS_3 = _MILVUS._replace(
    name="milvus-3",
    version="Milvus 3 (lite 3.2.2)",
    source="milvus-io/milvus-lite, release 3.2.2",
    nan=NAN_SCORE,
    rows=(
        EngineRow(
            "l2",
            "L2, distance",
            SAME,
            UNROUNDED_STRICT.named(
                "radius",
                "compared in float64, before the number is rounded to float32: at its own number "
                "a row may be in",
            ),
            from_vectors=SQUARED_NORM,
            precision="rounded",
        ),
        *ip_and_dot(
            "IP, distance", SAME, from_vectors=inner_product(_MILVUS_3_SUMS), note=_SIMILARITY
        ),
        EngineRow(
            "cosine",
            "COSINE, distance",
            SAME,
            from_vectors=capped_cosine(_MILVUS_3_SUMS),
            zero=zero_is("0"),
            note=f"{_SIMILARITY}; no vector is left as it is because it is nearly of length 1",
        ),
    ),
)

ENGINES = (_MILVUS, _MILVUS_3)
