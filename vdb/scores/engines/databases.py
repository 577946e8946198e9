"""Databases that hold vectors beside other things: PostgreSQL, MariaDB, Redis."""

from __future__ import annotations

from vdb.scores.families import CERTAINTY, COMPLEMENT, NEGATED, ROOT, SAME
from vdb.scores.orders import Order
from vdb.scores.rows import Engine, Row, Zero, inner, zero_is
from vdb.scores.sums import (
    NARROW_DIFFERENCES,
    NARROW_PRODUCTS,
    absolute,
    cosine,
    cosine_of_units,
    product,
    squared,
)
from vdb.scores.thresholds import DISTANCE_EPSILON, EPSILON, RADIUS, WIDE
from vdb.scores.vectors import NORMALIZED

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
_MARIADB = Engine(
    name="mariadb",
    version="MariaDB 11.8.9",
    source="MariaDB/server: sql/item_vectorfunc.cc",
    evidence="measured",
    threshold=WIDE,
    nan="refused: it is no vector",
    precision="float64",
    rows=(
        Row("l2", "VEC_DISTANCE_EUCLIDEAN", ROOT, from_vectors=NARROW_DIFFERENCES),
        Row(
            "cosine",
            "VEC_DISTANCE_COSINE",
            COMPLEMENT,
            from_vectors=NARROW_PRODUCTS,
            zero=Zero("number", "accepted; it is at distance 0 from everything", 1.0),
        ),
    ),
)
_REDIS = Engine(
    name="redis",
    version="Redis search (VectorSimilarity f30a540e)",
    source="RedisAI/VectorSimilarity: spaces/; RediSearch: vector_index.c",
    evidence="compiled",
    threshold=RADIUS.named(
        "VECTOR_RANGE radius",
        "Redis refuses a negative radius, so that an inner product above 1 cannot be asked for; "
        "here it can",
    ),
    nan="the score is NaN",
    rows=(
        Row("l2", "L2, __<field>_score", SAME),
        *inner("IP, __<field>_score", COMPLEMENT),
        Row(
            "cosine",
            "COSINE, __<field>_score",
            COMPLEMENT,
            from_vectors=NORMALIZED,
            zero=Zero("nan", "accepted; the score is NaN"),
            note="returned as text with 12 digits",
        ),
    ),
)
_VSET_SUMS = Order(lanes=4, registers=2, fold="sequence", gather="scalars")
_VSET_NORMS = Order(registers=4, gather="turns")
_VSET = Row(
    "cosine",
    "VSIM WITHSCORES",
    CERTAINTY,
    from_vectors=cosine_of_units(_VSET_NORMS, _VSET_SUMS, divided=True, as_distance=True),
    zero=zero_is("0.5"),
    precision="float64",
    note="with NOQUANT; vectors are 8-bit codes by default, and scores approximate",
)
_REDIS_VSET = Engine(
    name="redis-vset",
    version="Redis 8.2.2 and later (8.2.3)",
    source="redis/redis: modules/vector-sets/vset.c, hnsw.c; pull request 14223, in the notes of "
    "8.2.2",
    evidence="measured",
    threshold=EPSILON,
    nan="the score is NaN",
    rows=(_VSET,),
)
_REDIS_VSET_80 = _REDIS_VSET._replace(
    name="redis-vset-8.0",
    version="Redis 8.0.0 to 8.0.3, 8.2.0 and 8.2.1 (8.0.2)",
    threshold=DISTANCE_EPSILON,
)

ENGINES = (_PGVECTOR, _MARIADB, _REDIS, _REDIS_VSET, _REDIS_VSET_80)
