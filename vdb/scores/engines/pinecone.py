"""The conventions of Pinecone."""

from __future__ import annotations

from vdb.scores.families import SAME
from vdb.scores.rows import Engine, Row, inner, zero_refused
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
        Row("l2", "euclidean, score", SAME, note="squared; a lower score is closer"),
        *inner("dotproduct, score", SAME),
        Row("cosine", "cosine, score", SAME),
    ),
)

ENGINES = (_PINECONE,)
