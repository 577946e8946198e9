"""The conventions of Annoy."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import CHORD, ROOT, SAME
from vdb.scores.summation_order import Order
from vdb.scores.summed_quantities import inner_product, manhattan, rounded_chord, squared_l2
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]

_ANNOY_SUMS = Order(lanes=8, registers=2, fused=True, blocks="none", fours_apart=True)

_ANNOY = Engine(
    name="annoy",
    version="Annoy 1.17.3",
    source="spotify/annoy: src/annoylib.h",
    evidence="measured",
    threshold=none("Annoy"),
    nan="accepted; the score is NaN, of angular sqrt(2)",
    rows=(
        EngineRow("l2", "euclidean", ROOT, from_vectors=squared_l2(_ANNOY_SUMS)),
        *ip_and_dot(
            "dot",
            SAME,
            from_vectors=inner_product(_ANNOY_SUMS),
            note="called a distance, and higher is closer",
        ),
        EngineRow(
            "cosine",
            "angular",
            CHORD,
            from_vectors=rounded_chord(_ANNOY_SUMS),
            precision="rounded",
            zero=zero_is("sqrt(2)"),
        ),
        EngineRow(
            "l1",
            "manhattan",
            SAME,
            from_vectors=manhattan(Order(lanes=8, registers=2, blocks="none")),
        ),
        EngineRow("hamming", "hamming", SAME, note="of cells that hold 0 or 1"),
    ),
)

ENGINES = (_ANNOY,)
