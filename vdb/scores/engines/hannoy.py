"""The conventions of hannoy."""

from __future__ import annotations

from vdb.scores.families import HALVED_COMPLEMENT, SAME
from vdb.scores.orders import ONE_BY_ONE, ByDimension, Order
from vdb.scores.rows import Engine, Row, Zero
from vdb.scores.sums import cosine, squared
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
        Row("l2", "EUCLIDEAN", SAME, from_vectors=squared(_HANNOY_SUMS), note="squared"),
        Row(
            "cosine",
            "COSINE",
            HALVED_COMPLEMENT,
            from_vectors=cosine(_HANNOY_SUMS),
            zero=Zero("number", "accepted; a zero query is at distance 0 from everything", 1.0),
        ),
    ),
)

ENGINES = (_HANNOY,)
