"""A convention of vdb's own for programs that want one scale: 0..1, higher is nearer, always."""

from __future__ import annotations

from vdb.model.version import __version__
from vdb.scores.engine_rows import Engine, EngineRow, zero_refused
from vdb.scores.formula_families import (
    BYTE_DOT,
    FRACTION,
    HALVED_CLAMPED,
    RECIPROCAL,
    SOFTSIGN,
)
from vdb.scores.thresholds import MIN_SCORE

__all__ = ["RELEVANCE"]

_BEYOND = "what lies beyond 0..1 comes of rounding, and of lengths that are not quite 1"

RELEVANCE = Engine(
    name="relevance",
    version=f"vdb {__version__}",
    source=(
        "vdb/scores/relevance.py. Cosine, dot, l2, l1 and hamming as Elasticsearch and OpenSearch "
        "map them; ip by softsign: Glorot and Bengio, Understanding the difficulty of training "
        "deep feedforward neural networks, AISTATS 2010"
    ),
    evidence="own",
    threshold=MIN_SCORE.named("threshold"),
    nan="refused on insert and query",
    precision="float64",
    rows=(
        EngineRow("l2", "relevance", RECIPROCAL),
        EngineRow(
            "ip",
            "relevance",
            SOFTSIGN,
            note="rises without a step up to products of 1e15, where a logistic function is 1 "
            "from 37 on",
        ),
        EngineRow(
            "cosine",
            "relevance",
            HALVED_CLAMPED,
            zero=zero_refused("cosine similarity has no meaning for it"),
            note=_BEYOND,
        ),
        EngineRow(
            "dot",
            "relevance",
            HALVED_CLAMPED,
            zero=zero_refused("its length is not 1"),
            note=_BEYOND,
        ),
        EngineRow("dot", "relevance (bytes)", BYTE_DOT, dtype="int8"),
        EngineRow("l1", "relevance", RECIPROCAL),
        EngineRow("hamming", "relevance", FRACTION),
    ),
)
