"""The conventions of hannoy."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, Zero
from vdb.scores.formula_families import HALVED_COMPLEMENT, SAME
from vdb.scores.summation_order import ONE_BY_ONE, ByDimension, Order
from vdb.scores.summed_quantities import cosine, squared_l2
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]


def _hannoy_sums(dim: int) -> Order:
    if dim < 16:
        return ONE_BY_ONE
    if dim < 32:
        return Order(lanes=4, registers=4, gather="folded", blocks="none")
    return Order(lanes=8, registers=4, fused=True, gather="folded", blocks="none", rest_fused=False)


_HANNOY_SUMS = ByDimension("in up to 32 sums side by side", _hannoy_sums)

_HANNOY = Engine(
    name="hannoy",
    version="hannoy 0.1.3",
    source="nnethercott/hannoy: src/distance/, src/spaces/",
    evidence="measured",
    threshold=none("hannoy"),
    nan="not known",
    rows=(
        EngineRow("l2", "EUCLIDEAN", SAME, from_vectors=squared_l2(_HANNOY_SUMS), note="squared"),
        EngineRow(
            "cosine",
            "COSINE",
            HALVED_COMPLEMENT,
            from_vectors=cosine(_HANNOY_SUMS),
            zero=Zero("number", "accepted; a zero query is at distance 0 from everything", 1.0),
        ),
    ),
)

ENGINES = (_HANNOY,)
