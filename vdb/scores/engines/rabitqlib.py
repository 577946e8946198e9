"""The conventions of RaBitQLib."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot
from vdb.scores.formula_families import COMPLEMENT, SAME
from vdb.scores.summation_order import Order
from vdb.scores.summed_quantities import inner_product, squared_l2
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
        EngineRow(
            "l2",
            "l2",
            SAME,
            from_vectors=squared_l2(_RABITQ_SUMS),
            note="with codes of 1 to 9 bits it is an estimate",
        ),
        *ip_and_dot(
            "ip",
            COMPLEMENT,
            from_vectors=inner_product(_RABITQ_SUMS),
            note="with codes of 1 to 9 bits it is an estimate",
        ),
    ),
)

ENGINES = (_RABITQLIB,)
