"""The conventions of Redis (the search module)."""

from __future__ import annotations

from vdb.scores.families import COMPLEMENT, SAME
from vdb.scores.rows import Engine, Row, Zero, inner
from vdb.scores.thresholds import RADIUS
from vdb.scores.vectors import NORMALIZED

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

ENGINES = (_REDIS,)
