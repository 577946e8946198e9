"""Lucene, and the servers that are built on it."""

from __future__ import annotations

from dataclasses import replace

from vdb.scores.families import (
    BYTE_DOT,
    FRACTION,
    HALVED,
    HALVED_CLIPPED,
    MIP,
    RECIPROCAL,
    RECIPROCAL_COMPLEMENT,
    SAME,
)
from vdb.scores.orders import ONE_BY_ONE_FUSED, ByDimension, Order
from vdb.scores.rows import Engine, Row, Zero, inner, zero_refused
from vdb.scores.sums import cosine, product, squared
from vdb.scores.thresholds import ANY_MIN_SCORE, MIN_SCORE, RADIUS, none, similarity
from vdb.scores.vectors import ELASTIC

__all__ = ["ENGINES"]

_RESULT_SIMILARITY = RADIUS.named("resultSimilarity")

_QUANTIZED = (
    "a field with a quantised format scores from codes in every query, exact ones too; only "
    "FullPrecisionFloatVectorSimilarityValuesSource and RescoreTopNQuery give the raw score"
)
_PANAMA = Order(lanes=16, registers=4, fused=True, gather="neighbours")
_LUCENE_SUMS = ByDimension(
    "in up to 64 sums side by side once it is compiled",
    lambda dim: ONE_BY_ONE_FUSED if dim <= 32 else _PANAMA,
)
_LUCENE_COSINE_SUMS = ByDimension(
    "in up to 32 sums side by side once it is compiled",
    lambda dim: ONE_BY_ONE_FUSED if dim <= 32 else replace(_PANAMA, registers=2, gather="sequence"),
)
_LUCENE = Engine(
    name="lucene",
    version="Lucene 10.5.0 (raw fields, of floats and of bytes)",
    source="apache/lucene: VectorSimilarityFunction.java, VectorUtil.java, "
    "VectorSimilarityCollector.java",
    evidence="measured",
    threshold=_RESULT_SIMILARITY,
    nan="refused on insert and query",
    rows=(
        Row("l2", "EUCLIDEAN", RECIPROCAL, from_vectors=squared(_LUCENE_SUMS), note=_QUANTIZED),
        Row(
            "ip", "MAXIMUM_INNER_PRODUCT", MIP, from_vectors=product(_LUCENE_SUMS), note=_QUANTIZED
        ),
        Row(
            "dot",
            "DOT_PRODUCT",
            HALVED_CLIPPED,
            from_vectors=product(_LUCENE_SUMS),
            note="Lucene does not check that vectors have length 1: raw scores go above 1 (42.3 "
            f"was seen), those from codes end at 1; {_QUANTIZED}",
        ),
        Row("dot", "DOT_PRODUCT (byte)", BYTE_DOT, dtype="int8"),
        Row(
            "cosine",
            "COSINE",
            HALVED,
            from_vectors=cosine(_LUCENE_COSINE_SUMS, wide=True, roots="of product"),
            zero=Zero(
                "nothing",
                "refused: zero vector not allowed with cosine similarity function; a zero query "
                "finds nothing (a quantised field refuses it). Up to 9 it was scored NaN",
            ),
            note=_QUANTIZED,
        ),
        Row(
            "hamming",
            "HnswBitVectorsFormat",
            FRACTION,
            note="of lucene-codecs, whatever similarity the field names",
        ),
    ),
)

_ELASTIC_NAN = (
    "refused: element_type [float] vectors do not support NaN values but found [NaN] at dim [0]"
)
_ELASTICSEARCH = Engine(
    name="elasticsearch",
    version="Elasticsearch 8.x, 9.x (hnsw, flat; a quantised index scores approximately)",
    source="elastic/elasticsearch: DenseVectorFieldMapper.java, VectorScoreScriptUtils.java",
    evidence="transcribed",
    threshold=none("a script score"),
    nan=_ELASTIC_NAN,
    rows=(
        Row(
            "l2",
            "l2_norm, _score",
            RECIPROCAL,
            similarity(
                "L2 norm |q - v|, not squared",
                squared=True,
                note="a negative number is squared too: -2 means 2",
            ),
        ),
        Row("ip", "max_inner_product, _score", MIP, similarity("inner product q.v")),
        Row(
            "dot",
            "dot_product, _score",
            HALVED_CLIPPED,
            similarity("inner product q.v"),
            zero=zero_refused(
                "The [dot_product] similarity can only be used with unit-length vectors."
            ),
            note="vectors whose squared length is more than 1e-3 from 1 are refused (1e-4 in older "
            "releases)",
        ),
        Row(
            "dot",
            "dot_product (byte), _score",
            BYTE_DOT,
            similarity("integer inner product q.v"),
            dtype="int8",
            evidence="read",
            note="no check of length; zero vectors are accepted",
        ),
        Row(
            "cosine",
            "cosine, _score",
            HALVED,
            similarity("cosine similarity"),
            from_vectors=ELASTIC,
            zero=zero_refused(
                "The [cosine] similarity does not support vectors with zero magnitude."
            ),
            note="older releases have a tolerance of 1e-4, bfloat16 vectors one of 0.02",
        ),
        Row(
            "cosine",
            "cosine (byte), _score",
            HALVED,
            similarity("cosine similarity"),
            dtype="int8",
            zero=zero_refused(
                "The [cosine] similarity does not support vectors with zero magnitude."
            ),
            evidence="read",
        ),
        Row(
            "l1",
            "l1norm() in a script",
            SAME,
            precision="float64",
            evidence="read",
            note="exact; the script decides what _score it makes, which must not be negative",
        ),
        Row(
            "hamming",
            "l2_norm on element_type bit, _score",
            FRACTION,
            similarity("differing bits"),
            evidence="read",
        ),
    ),
)

_OPENSEARCH_ZERO = zero_refused("zero vector is not supported when space type is [cosinesimil]")
_OPENSEARCH_ROWS = (
    Row("l2", "l2, _score", RECIPROCAL),
    *inner("innerproduct, _score", MIP, threshold=ANY_MIN_SCORE),
    Row("l1", "l1, _score", RECIPROCAL),
    Row("hamming", "hamming, _score", RECIPROCAL, note="not the fraction that Elasticsearch has"),
)
_OPENSEARCH = Engine(
    name="opensearch",
    version="OpenSearch k-NN 2.19 and later",
    source="opensearch-project/k-NN: SpaceType.java, Faiss.java, Lucene.java",
    evidence="compiled",
    threshold=MIN_SCORE,
    nan="refused: KNN vector values cannot be NaN",
    rows=(
        *_OPENSEARCH_ROWS,
        Row(
            "cosine",
            "cosinesimil, _score",
            HALVED,
            zero=_OPENSEARCH_ZERO,
            note="a knn_score script gives 1 + cos(q, v) for byte vectors, and for all vectors in "
            "indices made before 2.19",
        ),
    ),
)
_OPENSEARCH_218 = _OPENSEARCH._replace(
    name="opensearch-2.18",
    version="OpenSearch k-NN 2.18 and earlier, nmslib engine",
    source="opensearch-project/k-NN, tag 2.18.0.0: SpaceType.java",
    evidence="read",
    rows=(
        *_OPENSEARCH_ROWS,
        Row(
            "cosine",
            "cosinesimil, _score",
            RECIPROCAL_COMPLEMENT,
            zero=_OPENSEARCH_ZERO,
            note="its Lucene engine had (1 + cos(q, v)) / 2 already",
        ),
    ),
)

_MONGODB = Engine(
    name="mongodb",
    version="MongoDB Atlas (mongot)",
    source="mongodb/mongot: VectorSimilarity.java, VectorSearchUtil.java",
    evidence="read",
    threshold=none("$vectorSearch"),
    nan="refused on insert and query, as Lucene does",
    rows=(
        Row(
            "l2",
            "euclidean, vectorSearchScore",
            RECIPROCAL,
            note="of the squared distance, although its manual prints 1 / (1 + euclidean)",
        ),
        Row(
            "dot",
            "dotProduct, vectorSearchScore",
            HALVED_CLIPPED,
            note="its manual asks for unit vectors; nothing checks it",
        ),
        Row("dot", "dotProduct (int8), vectorSearchScore", BYTE_DOT, dtype="int8"),
        Row(
            "cosine",
            "cosine, vectorSearchScore",
            HALVED,
            zero=zero_refused(
                "Cosine similarity cannot be calculated against a zero vector. (Stored ones are "
                "skipped.)"
            ),
        ),
        Row("hamming", "euclidean on int1, vectorSearchScore", FRACTION),
    ),
)

ENGINES = (_LUCENE, _ELASTICSEARCH, _OPENSEARCH, _OPENSEARCH_218, _MONGODB)
