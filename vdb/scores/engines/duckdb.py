"""The conventions of DuckDB (vss)."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, Zero, ip_and_dot
from vdb.scores.formula_families import COMPLEMENT, NEGATED, ROOT
from vdb.scores.summation_order import ONE_BY_ONE_FUSED
from vdb.scores.summed_quantities import cosine, inner_product, squared_l2
from vdb.scores.thresholds import INCLUSIVE

__all__ = ["ENGINES"]

_DUCKDB = Engine(
    name="duckdb",
    version="DuckDB 2.0.1",
    source="duckdb/duckdb, duckdb/duckdb-vss: the functions that its vss index answers",
    evidence="measured",
    threshold=INCLUSIVE,
    nan="accepted; the distance is NaN",
    rows=(
        EngineRow(
            "l2",
            "array_distance",
            ROOT,
            from_vectors=squared_l2(ONE_BY_ONE_FUSED),
            note="also where the vss index is called l2sq",
        ),
        *ip_and_dot(
            "array_negative_inner_product",
            NEGATED,
            from_vectors=inner_product(ONE_BY_ONE_FUSED),
            note="array_inner_product is its negative",
        ),
        EngineRow(
            "cosine",
            "array_cosine_distance",
            COMPLEMENT,
            from_vectors=cosine(ONE_BY_ONE_FUSED, roots="of product"),
            zero=Zero("nan", "accepted; the distance is NaN, and the row is kept"),
            note="array_cosine_similarity is 1 minus it",
        ),
    ),
)

ENGINES = (_DUCKDB,)
