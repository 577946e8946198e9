"""The conventions of FAISS."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot
from vdb.scores.formula_families import SAME
from vdb.scores.summation_order import SIXTEEN, Order
from vdb.scores.summed_quantities import inner_product, manhattan, squared_l2
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
        EngineRow("l2", "METRIC_L2", SAME, from_vectors=squared_l2(SIXTEEN)),
        *ip_and_dot("METRIC_INNER_PRODUCT", SAME, from_vectors=inner_product(SIXTEEN)),
        EngineRow(
            "l1",
            "METRIC_L1",
            SAME,
            from_vectors=manhattan(Order(lanes=8, registers=2, blocks="gathered")),
        ),
        EngineRow("hamming", "IndexBinaryFlat", SAME),
    ),
)

ENGINES = (_FAISS,)
