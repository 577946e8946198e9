"""Servers and services that have an engine of their own."""

from __future__ import annotations

from vdb.scores.families import (
    CERTAINTY,
    CLAMPED_COMPLEMENT,
    COMPLEMENT,
    NEGATED,
    RECIPROCAL_COMPLEMENT,
    ROOT,
    SAME,
)
from vdb.scores.rows import Engine, Row, Zero, inner, zero_is, zero_refused
from vdb.scores.thresholds import (
    EPSILON,
    INCLUSIVE,
    NEAR,
    NEAR_CERTAINTY,
    RADIUS,
    STRICT,
    WHOLE_STRICT,
    none,
)
from vdb.scores.vectors import MILVUS, NORMALISED, QDRANT

__all__ = ["ENGINES"]

_PGVECTOR = Engine(
    name="pgvector",
    version="pgvector 0.8.6",
    source="pgvector/pgvector: src/vector.c, README",
    evidence="measured",
    threshold=INCLUSIVE,
    nan="refused: NaN not allowed in vector",
    precision="float64",
    rows=(
        Row("l2", "<->", ROOT),
        *inner("<#>", NEGATED),
        Row(
            "cosine",
            "<=>",
            COMPLEMENT,
            zero=Zero(
                "nan",
                "NaN in a sequential scan, sorted last; missing from an HNSW or IVFFlat index",
            ),
        ),
        Row("l1", "<+>", SAME),
        Row("hamming", "<~>", SAME),
    ),
)
_QDRANT = Engine(
    name="qdrant",
    version="Qdrant edge 0.9.0",
    source="qdrant/qdrant: lib/segment/src/spaces/, types.rs",
    evidence="measured",
    threshold=STRICT.named("score_threshold"),
    nan="accepted; the row never appears in results",
    rows=(
        Row("l2", "Euclid, score", ROOT, note="a distance, although it is called a score"),
        *inner("Dot, score", SAME),
        Row("cosine", "Cosine, score", SAME, from_vectors=QDRANT, zero=zero_is("0")),
        Row("cosine", "Cosine (uint8), score", SAME, dtype="int8", zero=zero_is("0")),
        Row("l1", "Manhattan, score", SAME, note="a distance, although it is called a score"),
    ),
)
_MILVUS = Engine(
    name="milvus",
    version="Milvus 2.5 (lite 2.5.1)",
    source="zilliztech/knowhere: common/utils.cc, comp/brute_force.cc, range_util.h",
    evidence="measured",
    threshold=STRICT.named("radius", "its range_filter, the near bound, is not offered here"),
    nan="accepted; the row never appears in results",
    rows=(
        Row("l2", "L2, distance", SAME),
        *inner("IP, distance", SAME, note="a similarity, although it is called a distance"),
        Row(
            "cosine",
            "COSINE, distance",
            SAME,
            from_vectors=MILVUS,
            zero=zero_is("0"),
            note="a similarity, although it is called a distance",
        ),
        Row("hamming", "HAMMING, distance", SAME, WHOLE_STRICT),
    ),
)
_WEAVIATE_ROWS = (
    Row(
        "cosine",
        "cosine, distance",
        CLAMPED_COMPLEMENT,
        from_vectors=NORMALISED,
        zero=zero_is("1"),
    ),
    Row("l2", "l2-squared, distance", SAME),
    *inner("dot, distance", NEGATED),
    Row("l1", "manhattan, distance", SAME),
    Row("hamming", "hamming, distance", SAME, note="of unequal cells: bits only if each is a cell"),
)
_WEAVIATE = Engine(
    name="weaviate",
    version="Weaviate 1.38",
    source="weaviate/weaviate: hnsw/distancer/*.go, entities/additional/distance.go, "
    "hnsw/search.go",
    evidence="compiled",
    threshold=NEAR,
    nan="the distance is NaN",
    rows=_WEAVIATE_ROWS,
)
_CERTAINTY = _WEAVIATE._replace(
    name="weaviate-certainty",
    threshold=NEAR_CERTAINTY,
    rows=(
        Row("cosine", "cosine, certainty", CERTAINTY, from_vectors=NORMALISED, zero=zero_is("0.5")),
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
            from_vectors=NORMALISED,
            zero=Zero("nan", "accepted; the score is NaN"),
            note="returned as text with 12 digits",
        ),
    ),
)
_REDIS_VSET = Engine(
    name="redis-vset",
    version="Redis 8 vector sets",
    source="redis/redis: modules/vector-sets/vset.c, hnsw.c",
    evidence="read",
    threshold=EPSILON,
    nan="the score is NaN",
    rows=(
        Row(
            "cosine",
            "VSIM WITHSCORES",
            CERTAINTY,
            zero=zero_is("0.5"),
            note="with NOQUANT; vectors are 8-bit codes by default, and scores approximate",
        ),
    ),
)
_PINECONE_ZERO = zero_refused("Dense vectors must contain at least one non-zero value")
_PINECONE = Engine(
    name="pinecone",
    version="Pinecone, as documented",
    source="the manual of Pinecone",
    evidence="documented",
    threshold=none("Pinecone"),
    nan="not known",
    zero=_PINECONE_ZERO,
    rows=(
        Row("l2", "euclidean, score", SAME, note="squared; a lower score is closer"),
        *inner("dotproduct, score", SAME),
        Row("cosine", "cosine, score", SAME),
    ),
)
_AZURE = Engine(
    name="azure",
    version="Azure AI Search, as documented",
    source="the manual of Azure AI Search: vector search ranking",
    evidence="documented",
    threshold=RADIUS.named(
        "threshold, kind searchScore",
        "the manual does not say whether the boundary is in; kind vectorSimilarity compares the "
        "cosine",
    ),
    nan="not known",
    rows=(
        Row(
            "cosine",
            "cosine, @search.score",
            RECIPROCAL_COMPLEMENT,
            zero=zero_refused("what the service does is not documented"),
            note="its formulas for dotProduct and euclidean are not published",
        ),
    ),
)

ENGINES = (
    _PGVECTOR,
    _QDRANT,
    _MILVUS,
    _WEAVIATE,
    _CERTAINTY,
    _REDIS,
    _REDIS_VSET,
    _PINECONE,
    _AZURE,
)
