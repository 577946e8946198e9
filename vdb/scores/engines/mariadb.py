"""The conventions of MariaDB."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, Zero
from vdb.scores.formula_families import COMPLEMENT, ROOT
from vdb.scores.summed_quantities import NARROW_DIFFERENCES, NARROW_PRODUCTS
from vdb.scores.thresholds import WIDE

__all__ = ["ENGINES"]

_MARIADB = Engine(
    name="mariadb",
    version="MariaDB 11.8.9",
    source="MariaDB/server: sql/item_vectorfunc.cc",
    evidence="measured",
    threshold=WIDE,
    nan="refused: it is no vector",
    precision="float64",
    rows=(
        EngineRow("l2", "VEC_DISTANCE_EUCLIDEAN", ROOT, from_vectors=NARROW_DIFFERENCES),
        EngineRow(
            "cosine",
            "VEC_DISTANCE_COSINE",
            COMPLEMENT,
            from_vectors=NARROW_PRODUCTS,
            zero=Zero("number", "accepted; it is at distance 0 from everything", 1.0),
        ),
    ),
)

ENGINES = (_MARIADB,)
