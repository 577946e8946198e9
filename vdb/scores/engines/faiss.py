"""The conventions of FAISS."""

from __future__ import annotations

from vdb.scores.families import SAME
from vdb.scores.orders import SIXTEEN, Order
from vdb.scores.rows import Engine, Row, inner
from vdb.scores.sums import absolute, product, squared
from vdb.scores.thresholds import STRICT

__all__ = ["ENGINES"]

_FAISS = Engine(
    name="faiss",
    version="Faiss 1.15.1",
    source="facebookresearch/faiss: IndexFlat.cpp, utils/distances*, impl/ResultHandler.h",
    evidence="measured",
    threshold=STRICT.named("range_search radius"),
    nan="accepted; the row never appears in results",
    rows=(
        Row("l2", "METRIC_L2", SAME, from_vectors=squared(SIXTEEN)),
        *inner("METRIC_INNER_PRODUCT", SAME, from_vectors=product(SIXTEEN)),
        Row(
            "l1",
            "METRIC_L1",
            SAME,
            from_vectors=absolute(Order(lanes=8, registers=2, blocks="gathered")),
        ),
        Row("hamming", "IndexBinaryFlat", SAME),
    ),
)

ENGINES = (_FAISS,)
