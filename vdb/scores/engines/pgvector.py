"""The conventions of pgvector (PostgreSQL)."""

from __future__ import annotations

from vdb.scores.families import COMPLEMENT, NEGATED, ROOT, SAME
from vdb.scores.orders import Order
from vdb.scores.rows import Engine, Row, Zero, inner
from vdb.scores.sums import absolute, cosine, product, squared
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
        Row("l2", "<->", ROOT, from_vectors=squared(_PG_SUMS)),
        *inner("<#>", NEGATED, from_vectors=product(_PG_SUMS)),
        Row(
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
        Row("l1", "<+>", SAME, from_vectors=absolute(Order(lanes=8, rest="narrower"))),
        Row("hamming", "<~>", SAME),
    ),
)

ENGINES = (_PGVECTOR,)
