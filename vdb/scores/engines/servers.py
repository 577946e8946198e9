"""Vector servers, and services that have an engine of their own."""

from __future__ import annotations

from vdb.scores.families import (
    CERTAINTY,
    CLAMPED_COMPLEMENT,
    NEGATED,
    RECIPROCAL_COMPLEMENT,
    ROOT,
    SAME,
)
from vdb.scores.near_unit import milvus, qdrant
from vdb.scores.orders import ONE_BY_ONE, SIXTEEN, ByDimension, FrontFour, Order
from vdb.scores.rows import Engine, Row, inner, zero_is, zero_refused
from vdb.scores.sums import SQUARED_NORM, absolute, capped_cosine, product, squared
from vdb.scores.thresholds import (
    NEAR,
    NEAR_CERTAINTY,
    RADIUS,
    STRICT,
    UNROUNDED_STRICT,
    WHOLE_STRICT,
    none,
)
from vdb.scores.vectors import NORMALIZED

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
        Row(
            "l2",
            "Euclid, score",
            ROOT,
            from_vectors=squared(_QDRANT_SUMS),
            note="a distance, although it is called a score",
        ),
        *inner("Dot, score", SAME, from_vectors=product(_QDRANT_SUMS)),
        Row("cosine", "Cosine, score", SAME, from_vectors=qdrant(_QDRANT_SUMS), zero=zero_is("0")),
        Row("cosine", "Cosine (uint8), score", SAME, dtype="int8", zero=zero_is("0")),
        Row(
            "l1",
            "Manhattan, score",
            SAME,
            from_vectors=absolute(_qdrant_sums(fused=False)),
            note="a distance, although it is called a score",
        ),
    ),
)
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
        Row("l2", "L2, distance", SAME, from_vectors=squared(SIXTEEN)),
        *inner("IP, distance", SAME, from_vectors=product(SIXTEEN), note=_SIMILARITY),
        Row(
            "cosine",
            "COSINE, distance",
            SAME,
            from_vectors=milvus(_MILVUS_NORMS, SIXTEEN),
            zero=zero_is("0"),
            note=_SIMILARITY,
        ),
        Row("hamming", "HAMMING, distance", SAME, WHOLE_STRICT),
    ),
)
_MILVUS_3_SUMS = FrontFour(Order(lanes=8, fused=True, fold="quarters", rest_fused=False))
_MILVUS_3 = _MILVUS._replace(
    name="milvus-3",
    version="Milvus 3 (lite 3.2.2)",
    source="milvus-io/milvus-lite, release 3.2.2",
    nan="accepted; the score is NaN",
    rows=(
        Row(
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
        *inner("IP, distance", SAME, from_vectors=product(_MILVUS_3_SUMS), note=_SIMILARITY),
        Row(
            "cosine",
            "COSINE, distance",
            SAME,
            from_vectors=capped_cosine(_MILVUS_3_SUMS),
            zero=zero_is("0"),
            note=f"{_SIMILARITY}; no vector is left as it is because it is nearly of length 1",
        ),
    ),
)
_WEAVIATE_ROWS = (
    Row(
        "cosine",
        "cosine, distance",
        CLAMPED_COMPLEMENT,
        from_vectors=NORMALIZED,
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
        Row("cosine", "cosine, certainty", CERTAINTY, from_vectors=NORMALIZED, zero=zero_is("0.5")),
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
    _QDRANT,
    _MILVUS,
    _MILVUS_3,
    _WEAVIATE,
    _CERTAINTY,
    _PINECONE,
    _AZURE,
)
