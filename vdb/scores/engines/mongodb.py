"""The conventions of MongoDB Atlas."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, zero_refused
from vdb.scores.formula_families import BYTE_DOT, FRACTION, HALVED, HALVED_CLIPPED, RECIPROCAL
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]

_MONGODB = Engine(
    name="mongodb",
    version="MongoDB Atlas (mongot)",
    source="mongodb/mongot: VectorSimilarity.java, VectorSearchUtil.java",
    evidence="read",
    threshold=none("$vectorSearch"),
    nan="refused on insert and query, as Lucene does",
    rows=(
        EngineRow(
            "l2",
            "euclidean, vectorSearchScore",
            RECIPROCAL,
            note="of the squared distance, although its manual prints 1 / (1 + euclidean)",
        ),
        EngineRow(
            "dot",
            "dotProduct, vectorSearchScore",
            HALVED_CLIPPED,
            note="its manual asks for unit vectors; nothing checks it",
        ),
        EngineRow("dot", "dotProduct (int8), vectorSearchScore", BYTE_DOT, dtype="int8"),
        EngineRow(
            "cosine",
            "cosine, vectorSearchScore",
            HALVED,
            zero=zero_refused(
                "Cosine similarity cannot be calculated against a zero vector. (Stored ones are "
                "skipped.)"
            ),
        ),
        EngineRow("hamming", "euclidean on int1, vectorSearchScore", FRACTION),
    ),
)

ENGINES = (_MONGODB,)
