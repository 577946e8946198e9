"""Engines inside a process that keep their data in files."""

from __future__ import annotations

from vdb.scores.families import COMPLEMENT, NEGATED, ROOT, SAME
from vdb.scores.rows import Engine, Row, Zero, inner, zero_is
from vdb.scores.thresholds import INCLUSIVE, POSITIVE_RADIUS, STRICT, none
from vdb.scores.vectors import NORMALISED

__all__ = ["ENGINES"]

_CHROMA = Engine(
    name="chroma",
    version="Chroma 1.5.9",
    source="chroma-core/chroma: rust/distance",
    evidence="measured",
    threshold=none("a query of Chroma"),
    nan="refused on insert; a NaN query gives NaN distances",
    rows=(
        Row("l2", "l2", SAME),
        *inner("ip", COMPLEMENT),
        Row("cosine", "cosine", COMPLEMENT, from_vectors=NORMALISED, zero=zero_is("1")),
    ),
)
_LANCEDB = Engine(
    name="lancedb",
    version="LanceDB 0.40.0",
    source="lancedb/lance: rust/lance-linalg, scanner.rs",
    evidence="measured",
    threshold=STRICT.named(
        "distance_range upper_bound", "its lower bound is inclusive and not offered here"
    ),
    nan="refused on insert; a NaN query finds nothing",
    rows=(
        Row("l2", "l2, _distance", SAME),
        *inner("dot, _distance", COMPLEMENT),
        Row(
            "cosine",
            "cosine, _distance",
            COMPLEMENT,
            zero=Zero("nothing", "accepted; such rows are missing, and a zero query finds nothing"),
        ),
        Row("hamming", "hamming on uint8, _distance", SAME),
    ),
)
_SQLITE_VEC = Engine(
    name="sqlite-vec",
    version="sqlite-vec 0.1.9",
    source="asg017/sqlite-vec: sqlite-vec.c",
    evidence="measured",
    threshold=INCLUSIVE.named("distance <= x", "a condition in SQL; with < it would be strict"),
    nan="accepted; the distance is NULL",
    precision="float64",
    rows=(
        Row("l2", "vec0 L2, distance", ROOT),
        Row(
            "cosine",
            "vec0 cosine, distance",
            COMPLEMENT,
            zero=Zero("nan", "accepted; the distance is NULL (here NaN), and the row is kept"),
        ),
        Row("l1", "vec0 L1, distance", SAME),
        Row("hamming", "vec_distance_hamming", SAME),
    ),
)
_DUCKDB = Engine(
    name="duckdb",
    version="DuckDB 2.0.0",
    source="duckdb/duckdb, duckdb/duckdb-vss: the functions that its vss index answers",
    evidence="measured",
    threshold=INCLUSIVE,
    nan="accepted; the distance is NaN",
    rows=(
        Row("l2", "array_distance", ROOT, note="also where the vss index is called l2sq"),
        *inner("array_negative_inner_product", NEGATED, note="array_inner_product is its negative"),
        Row(
            "cosine",
            "array_cosine_distance",
            COMPLEMENT,
            zero=Zero("nan", "accepted; the distance is NaN, and the row is kept"),
            note="array_cosine_similarity is 1 minus it",
        ),
    ),
)
_ZVEC = Engine(
    name="zvec",
    version="zvec 0.8.0",
    source="alibaba/zvec: inner_product_metric.cc",
    evidence="measured",
    threshold=POSITIVE_RADIUS,
    nan="accepted; the row never appears in results",
    rows=(
        Row("l2", "L2, score", SAME),
        *inner("IP, score", SAME),
        Row("cosine", "COSINE, score", COMPLEMENT, from_vectors=NORMALISED, zero=zero_is("1")),
    ),
)

ENGINES = (_CHROMA, _LANCEDB, _SQLITE_VEC, _DUCKDB, _ZVEC)
