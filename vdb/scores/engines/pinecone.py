"""The conventions of Pinecone."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot, zero_refused
from vdb.scores.formula_families import SAME
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]

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
        EngineRow("l2", "euclidean, score", SAME, note="squared; a lower score is closer"),
        *ip_and_dot("dotproduct, score", SAME),
        EngineRow("cosine", "cosine, score", SAME),
    ),
)

ENGINES = (_PINECONE,)
