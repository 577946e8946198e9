"""The conventions of NMSLIB."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import CLAMPED_COMPLEMENT, NEGATED, SAME
from vdb.scores.summation_order import ONE_BY_ONE, ByDimension, Order
from vdb.scores.summed_quantities import inner_product, manhattan, normalized_cosine, squared_l2
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]

_NMSLIB_ANY = Order(
    lanes=8, rounds=2, fold="sequence", blocks="none", rest="narrower", rest_fused=True
)

_NMSLIB_L2 = ByDimension(
    _NMSLIB_ANY.text, lambda dim: _NMSLIB_ANY if dim % 16 else Order(lanes=8, fold="sequence")
)

_NMSLIB = Engine(
    name="nmslib",
    version="NMSLIB 2.1.3, hnsw with its optimised index",
    source="nmslib/nmslib: similarity_search/src/method/hnsw.cc, distcomp_scalar.cc",
    evidence="measured",
    threshold=none("NMSLIB"),
    nan="not known",
    rows=(
        EngineRow(
            "l2",
            "l2",
            SAME,
            from_vectors=squared_l2(_NMSLIB_L2),
            note="seq_search and hnsw with skip_optimized_index return the root",
        ),
        *ip_and_dot("negdotprod", NEGATED, from_vectors=inner_product(_NMSLIB_ANY)),
        EngineRow(
            "cosine",
            "cosinesimil",
            CLAMPED_COMPLEMENT,
            from_vectors=normalized_cosine(ONE_BY_ONE, _NMSLIB_ANY),
            zero=zero_is("1"),
        ),
        EngineRow("l1", "l1", SAME, from_vectors=manhattan(Order(lanes=4, fold="sequence"))),
    ),
)

ENGINES = (_NMSLIB,)
