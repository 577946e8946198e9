"""The conventions of RaBitQLib."""

from __future__ import annotations

from vdb.scores.families import COMPLEMENT, SAME
from vdb.scores.orders import Order
from vdb.scores.rows import Engine, Row, inner
from vdb.scores.sums import product, squared
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]

_RABITQ_SUMS = Order(lanes=16, registers=4, fused=True, gather="neighbours")

_RABITQLIB = Engine(
    name="rabitqlib",
    version="RaBitQLib 0.7.1, inverted lists with raw vectors (nbits=32)",
    source="VectorDB-NTU/RaBitQ-Library: include/rabitqlib/utils/space.hpp",
    evidence="measured",
    threshold=none("RaBitQLib"),
    nan="not known",
    rows=(
        Row(
            "l2",
            "l2",
            SAME,
            from_vectors=squared(_RABITQ_SUMS),
            note="with codes of 1 to 9 bits it is an estimate",
        ),
        *inner(
            "ip",
            COMPLEMENT,
            from_vectors=product(_RABITQ_SUMS),
            note="with codes of 1 to 9 bits it is an estimate",
        ),
    ),
)

ENGINES = (_RABITQLIB,)
