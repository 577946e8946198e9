"""The conventions of Elasticsearch."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, zero_refused
from vdb.scores.formula_families import (
    BYTE_DOT,
    FRACTION,
    HALVED,
    HALVED_CLIPPED,
    MIP,
    RECIPROCAL,
    SAME,
)
from vdb.scores.thresholds import none, similarity
from vdb.scores.vector_quantities import ELASTIC

__all__ = ["ENGINES"]

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
        EngineRow(
            "l2",
            "l2_norm, _score",
            RECIPROCAL,
            similarity(
                "L2 norm |q - v|, not squared",
                squared=True,
                note="a negative number is squared too: -2 means 2",
            ),
        ),
        EngineRow("ip", "max_inner_product, _score", MIP, similarity("inner product q.v")),
        EngineRow(
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
        EngineRow(
            "dot",
            "dot_product (byte), _score",
            BYTE_DOT,
            similarity("integer inner product q.v"),
            dtype="int8",
            evidence="read",
            note="no check of length; zero vectors are accepted",
        ),
        EngineRow(
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
        EngineRow(
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
        EngineRow(
            "l1",
            "l1norm() in a script",
            SAME,
            precision="float64",
            evidence="read",
            note="exact; the script decides what _score it makes, which must not be negative",
        ),
        EngineRow(
            "hamming",
            "l2_norm on element_type bit, _score",
            FRACTION,
            similarity("differing bits"),
            evidence="read",
        ),
    ),
)

ENGINES = (_ELASTICSEARCH,)
