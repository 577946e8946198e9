"""The conventions of pgvector (PostgreSQL)."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, Zero, ip_and_dot
from vdb.scores.formula_families import COMPLEMENT, NEGATED, ROOT, SAME
from vdb.scores.summation_order import Order
from vdb.scores.summed_quantities import cosine, inner_product, manhattan, squared_l2
from vdb.scores.thresholds import WIDE

__all__ = ["ENGINES"]

_PG_SUMS = Order(lanes=8, rest="narrower", narrow_fused=True, rest_fused=False)

_PGVECTOR = Engine(
    name="pgvector",
    version="pgvector 0.8.5 on PostgreSQL 18.4",
    source="pgvector/pgvector: src/vector.c, README",
    evidence="measured",
    threshold=WIDE,
    nan="refused: NaN not allowed in vector",
    precision="widened",
    rows=(
        EngineRow("l2", "<->", ROOT, from_vectors=squared_l2(_PG_SUMS)),
        *ip_and_dot("<#>", NEGATED, from_vectors=inner_product(_PG_SUMS)),
        EngineRow(
            "cosine",
            "<=>",
            COMPLEMENT,
            from_vectors=cosine(
                Order(lanes=8, fused=True, rest="narrower"),
                wide=True,
                roots="of product",
                clipped=True,
            ),
            precision="float64",
            zero=Zero(
                "nan",
                "NaN in a sequential scan, sorted last; missing from an HNSW or IVFFlat index",
            ),
        ),
        EngineRow("l1", "<+>", SAME, from_vectors=manhattan(Order(lanes=8, rest="narrower"))),
        EngineRow("hamming", "<~>", SAME),
    ),
)

ENGINES = (_PGVECTOR,)
