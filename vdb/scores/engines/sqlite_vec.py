"""The conventions of sqlite-vec."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, Zero
from vdb.scores.formula_families import COMPLEMENT, ROOT, SAME
from vdb.scores.summation_order import ONE_BY_ONE
from vdb.scores.summed_quantities import cosine, squared_l2
from vdb.scores.thresholds import WIDE

__all__ = ["ENGINES"]

_SQLITE_VEC = Engine(
    name="sqlite-vec",
    version="sqlite-vec 0.1.9",
    source="asg017/sqlite-vec: sqlite-vec.c",
    evidence="measured",
    threshold=WIDE.named("distance <= x"),
    nan="accepted; the distance is NULL",
    rows=(
        EngineRow("l2", "vec0 L2, distance", ROOT, from_vectors=squared_l2(ONE_BY_ONE)),
        EngineRow(
            "cosine",
            "vec0 cosine, distance",
            COMPLEMENT,
            from_vectors=cosine(ONE_BY_ONE, wide=True),
            precision="rounded",
            zero=Zero("nan", "accepted; the distance is NULL (here NaN), and the row is kept"),
        ),
        EngineRow("l1", "vec0 L1, distance", SAME, precision="rounded"),
        EngineRow("hamming", "vec_distance_hamming", SAME),
    ),
)

ENGINES = (_SQLITE_VEC,)
