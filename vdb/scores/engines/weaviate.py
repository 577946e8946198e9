"""The conventions of Weaviate."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import CERTAINTY, CLAMPED_COMPLEMENT, NEGATED, SAME
from vdb.scores.thresholds import NEAR, NEAR_CERTAINTY
from vdb.scores.vector_quantities import NORMALIZED

__all__ = ["ENGINES"]

_WEAVIATE_ROWS = (
    EngineRow(
        "cosine",
        "cosine, distance",
        CLAMPED_COMPLEMENT,
        from_vectors=NORMALIZED,
        zero=zero_is("1"),
    ),
    EngineRow("l2", "l2-squared, distance", SAME),
    *ip_and_dot("dot, distance", NEGATED),
    EngineRow("l1", "manhattan, distance", SAME),
    EngineRow(
        "hamming", "hamming, distance", SAME, note="of unequal cells: bits only if each is a cell"
    ),
)

_WEAVIATE = Engine(
    name="weaviate",
    version="Weaviate 1.38",
    source="weaviate/weaviate: hnsw/distancer/*.go, entities/additional/distance.go, "
    "hnsw/search.go",
    evidence="compiled",
    threshold=NEAR,
    nan="the distance is NaN",
    rows=_WEAVIATE_ROWS,
)

_CERTAINTY = _WEAVIATE._replace(
    name="weaviate-certainty",
    threshold=NEAR_CERTAINTY,
    rows=(
        EngineRow(
            "cosine", "cosine, certainty", CERTAINTY, from_vectors=NORMALIZED, zero=zero_is("0.5")
        ),
    ),
)

ENGINES = (_WEAVIATE, _CERTAINTY)
