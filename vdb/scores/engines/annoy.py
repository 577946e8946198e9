"""The conventions of Annoy."""

from __future__ import annotations

from vdb.scores.families import CHORD, ROOT, SAME
from vdb.scores.orders import Order
from vdb.scores.rows import Engine, Row, inner, zero_is
from vdb.scores.sums import absolute, product, rounded_chord, squared
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
        Row("l2", "euclidean", ROOT, from_vectors=squared(_ANNOY_SUMS)),
        *inner(
            "dot",
            SAME,
            from_vectors=product(_ANNOY_SUMS),
            note="called a distance, and higher is closer",
        ),
        Row(
            "cosine",
            "angular",
            CHORD,
            from_vectors=rounded_chord(_ANNOY_SUMS),
            precision="rounded",
            zero=zero_is("sqrt(2)"),
        ),
        Row(
            "l1",
            "manhattan",
            SAME,
            from_vectors=absolute(Order(lanes=8, registers=2, blocks="none")),
        ),
        Row("hamming", "hamming", SAME, note="of cells that hold 0 or 1"),
    ),
)

ENGINES = (_ANNOY,)
