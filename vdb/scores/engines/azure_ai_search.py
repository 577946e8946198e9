"""The conventions of Azure AI Search."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, zero_refused
from vdb.scores.formula_families import RECIPROCAL_COMPLEMENT
from vdb.scores.thresholds import RADIUS

__all__ = ["ENGINES"]

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
        EngineRow(
            "cosine",
            "cosine, @search.score",
            RECIPROCAL_COMPLEMENT,
            zero=zero_refused("what the service does is not documented"),
            note="its formulas for dotProduct and euclidean are not published",
        ),
    ),
)

ENGINES = (_AZURE,)
