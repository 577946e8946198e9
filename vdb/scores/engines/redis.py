"""The conventions of Redis (the search module)."""

from __future__ import annotations

from vdb.scores.engine_rows import NAN_SCORE, Engine, EngineRow, Zero, ip_and_dot
from vdb.scores.formula_families import COMPLEMENT, SAME
from vdb.scores.thresholds import RADIUS
from vdb.scores.vector_quantities import NORMALIZED

__all__ = ["ENGINES"]

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
        EngineRow("l2", "L2, __<field>_score", SAME),
        *ip_and_dot("IP, __<field>_score", COMPLEMENT),
        EngineRow(
            "cosine",
            "COSINE, __<field>_score",
            COMPLEMENT,
            from_vectors=NORMALIZED,
            zero=Zero("nan", NAN_SCORE),
            note="returned as text with 12 digits",
        ),
    ),
)

ENGINES = (_REDIS,)
