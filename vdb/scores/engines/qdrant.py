"""The conventions of Qdrant."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import ROOT, SAME
from vdb.scores.partial_normalization import qdrant
from vdb.scores.summation_order import ONE_BY_ONE, ByDimension, Order
from vdb.scores.summed_quantities import inner_product, manhattan, squared_l2
from vdb.scores.thresholds import STRICT

__all__ = ["ENGINES"]


def _qdrant_sums(*, fused: bool) -> ByDimension:
    def of(dim: int) -> Order:
        if dim < 16:
            return ONE_BY_ONE
        if dim < 32:
            return Order(lanes=4, registers=4, gather="folded", blocks="none")
        return Order(
            lanes=8,
            registers=4,
            fused=fused,
            fold="quarters",
            gather="neighbours",
            blocks="none",
            rest_fused=False,
        )

    return ByDimension("in up to 32 sums side by side", of)


_QDRANT_SUMS = _qdrant_sums(fused=True)

_QDRANT = Engine(
    name="qdrant",
    version="Qdrant edge 0.9.0",
    source="qdrant/qdrant: lib/segment/src/spaces/, types.rs",
    evidence="measured",
    threshold=STRICT.named("score_threshold"),
    nan="accepted; the row never appears in results",
    rows=(
        EngineRow(
            "l2",
            "Euclid, score",
            ROOT,
            from_vectors=squared_l2(_QDRANT_SUMS),
            note="a distance, although it is called a score",
        ),
        *ip_and_dot("Dot, score", SAME, from_vectors=inner_product(_QDRANT_SUMS)),
        EngineRow(
            "cosine", "Cosine, score", SAME, from_vectors=qdrant(_QDRANT_SUMS), zero=zero_is("0")
        ),
        EngineRow("cosine", "Cosine (uint8), score", SAME, dtype="int8", zero=zero_is("0")),
        EngineRow(
            "l1",
            "Manhattan, score",
            SAME,
            from_vectors=manhattan(_qdrant_sums(fused=False)),
            note="a distance, although it is called a score",
        ),
    ),
)

ENGINES = (_QDRANT,)
