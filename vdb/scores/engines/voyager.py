"""The conventions of Voyager."""

from __future__ import annotations

from dataclasses import replace

from vdb.scores.engine_rows import NAN_SCORE, Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import COMPLEMENT, SAME
from vdb.scores.summation_order import FOUR_TO_SIXTEEN, ByDimension, Order
from vdb.scores.summed_quantities import squared_l2, two_part_product
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]


_VOYAGER_SIXTEEN = Order(lanes=4, registers=4, fold="neighbours", gather="turns", blocks="gathered")

_VOYAGER_FOUR = Order(lanes=4, fold="neighbours")


def _voyager_l2(dim: int) -> Order:
    if dim % 16 and (dim % 4 == 0 or dim < 16):
        return _VOYAGER_FOUR
    return replace(_VOYAGER_SIXTEEN, blocks="none")


def _voyager_turn(dim: int) -> int:
    return 4 if dim % 4 == 0 or dim < 16 else 16


def _voyager_longer(dim: int) -> int:
    return _voyager_turn(dim + 1)  # it puts one number more behind each vector


_VOYAGER = Engine(
    name="voyager",
    version="Voyager 2.2.3",
    source="spotify/voyager: cpp/",
    evidence="measured",
    threshold=none("Voyager"),
    nan=NAN_SCORE,
    rows=(
        EngineRow(
            "l2",
            "Euclidean",
            SAME,
            from_vectors=squared_l2(ByDimension(FOUR_TO_SIXTEEN, _voyager_l2)),
        ),
        *ip_and_dot(
            "InnerProduct",
            COMPLEMENT,
            from_vectors=two_part_product(_VOYAGER_SIXTEEN, Order(lanes=4), _voyager_longer),
            precision="rounded",
            note="that is what query returns; get_distance differs where lengths do",
        ),
        EngineRow(
            "cosine",
            "Cosine",
            COMPLEMENT,
            from_vectors=two_part_product(
                _VOYAGER_SIXTEEN, Order(lanes=4), _voyager_turn, Order(lanes=4)
            ),
            precision="rounded",
            zero=zero_is("1"),
        ),
    ),
)

ENGINES = (_VOYAGER,)
