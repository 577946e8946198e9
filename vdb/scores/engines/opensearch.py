"""The conventions of OpenSearch."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot, zero_refused
from vdb.scores.formula_families import HALVED, MIP, RECIPROCAL, RECIPROCAL_COMPLEMENT
from vdb.scores.thresholds import ANY_MIN_SCORE, MIN_SCORE

__all__ = ["ENGINES"]

_OPENSEARCH_ZERO = zero_refused("zero vector is not supported when space type is [cosinesimil]")

_OPENSEARCH_ROWS = (
    EngineRow("l2", "l2, _score", RECIPROCAL),
    *ip_and_dot("innerproduct, _score", MIP, threshold=ANY_MIN_SCORE),
    EngineRow("l1", "l1, _score", RECIPROCAL),
    EngineRow(
        "hamming", "hamming, _score", RECIPROCAL, note="not the fraction that Elasticsearch has"
    ),
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
        EngineRow(
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
        EngineRow(
            "cosine",
            "cosinesimil, _score",
            RECIPROCAL_COMPLEMENT,
            zero=_OPENSEARCH_ZERO,
            note="its Lucene engine had (1 + cos(q, v)) / 2 already",
        ),
    ),
)

ENGINES = (_OPENSEARCH, _OPENSEARCH_218)
