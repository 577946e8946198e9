"""The conventions of Weaviate."""

from __future__ import annotations

from vdb.scores.families import CERTAINTY, CLAMPED_COMPLEMENT, NEGATED, SAME
from vdb.scores.rows import Engine, Row, inner, zero_is
from vdb.scores.thresholds import NEAR, NEAR_CERTAINTY
from vdb.scores.vectors import NORMALIZED

__all__ = ["ENGINES"]

_WEAVIATE_ROWS = (
    Row(
        "cosine",
        "cosine, distance",
        CLAMPED_COMPLEMENT,
        from_vectors=NORMALIZED,
        zero=zero_is("1"),
    ),
    Row("l2", "l2-squared, distance", SAME),
    *inner("dot, distance", NEGATED),
    Row("l1", "manhattan, distance", SAME),
    Row("hamming", "hamming, distance", SAME, note="of unequal cells: bits only if each is a cell"),
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
        Row("cosine", "cosine, certainty", CERTAINTY, from_vectors=NORMALIZED, zero=zero_is("0.5")),
    ),
)

ENGINES = (_WEAVIATE, _CERTAINTY)
