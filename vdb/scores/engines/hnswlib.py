"""The conventions of hnswlib."""

from __future__ import annotations

from vdb.scores.engine_rows import NAN_SCORE, Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import COMPLEMENT, SAME
from vdb.scores.summation_order import FOUR_TO_SIXTEEN, ONE_BY_ONE, ByDimension, Order
from vdb.scores.summed_quantities import inner_product, normalized_cosine, squared_l2
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]


def _hnswlib_l2(dim: int) -> Order:
    if dim % 16 == 0:
        return Order(lanes=16, fused=True, fold="sequence")
    if dim % 4 == 0 or dim < 16:
        return Order(lanes=4, fold="sequence", rest="apart")
    return Order(lanes=16, fused=True, fold="sequence", rest="apart", rest_fused=False)


def _hnswlib_ip(dim: int) -> Order:
    if dim % 16 == 0 or (dim % 4 != 0 and dim > 16):
        return Order(lanes=8, registers=2, fused=True, rest="apart", rest_fused=False)
    return Order(lanes=8, rounds=2, fold="sequence", blocks="none", rest="narrower")


_HNSWLIB_IP = ByDimension(FOUR_TO_SIXTEEN, _hnswlib_ip)

_HNSWLIB = Engine(
    name="hnswlib",
    version="hnswlib 0.8.0",
    source="nmslib/hnswlib: space_l2.h, space_ip.h, python_bindings/bindings.cpp",
    evidence="measured",
    threshold=none("hnswlib in Python"),
    nan=NAN_SCORE,
    rows=(
        EngineRow(
            "l2", "l2", SAME, from_vectors=squared_l2(ByDimension(FOUR_TO_SIXTEEN, _hnswlib_l2))
        ),
        *ip_and_dot("ip", COMPLEMENT, from_vectors=inner_product(_HNSWLIB_IP)),
        EngineRow(
            "cosine",
            "cosine",
            COMPLEMENT,
            from_vectors=normalized_cosine(ONE_BY_ONE, _HNSWLIB_IP),
            zero=zero_is("1"),
            note="its BFIndex does not normalise the query: 1 - |q| cos(q, v)",
        ),
    ),
)

ENGINES = (_HNSWLIB,)
