"""The conventions of LanceDB."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, Zero, ip_and_dot
from vdb.scores.formula_families import COMPLEMENT, DOUBLED_COMPLEMENT, SAME
from vdb.scores.summation_order import ByDimension, Order
from vdb.scores.summed_quantities import cosine, inner_product, squared_l2
from vdb.scores.thresholds import STRICT

__all__ = ["ENGINES"]

_LANCE_SIXTEEN = Order(lanes=16, fold="sequence", rest="apart")


def _lance_sums(dim: int) -> Order:
    if dim == 16:
        return Order(lanes=8, fused=True)
    return Order(lanes=8, rest="apart") if dim < 16 else _LANCE_SIXTEEN


_LANCE_SUMS = ByDimension(_LANCE_SIXTEEN.text, _lance_sums)

_LANCEDB_ZERO = Zero("nothing", "accepted; such rows are missing, and a zero query finds nothing")

_LANCEDB = Engine(
    name="lancedb",
    version="LanceDB 0.40.0, without an index and with IVF_FLAT and IVF_HNSW_FLAT",
    source="lancedb/lance: rust/lance-linalg, scanner.rs",
    evidence="measured",
    threshold=STRICT.named(
        "distance_range upper_bound", "its lower bound is inclusive and not offered here"
    ),
    nan="refused on insert; a NaN query finds nothing",
    rows=(
        EngineRow("l2", "l2, _distance", SAME, from_vectors=squared_l2(_LANCE_SUMS)),
        *ip_and_dot("dot, _distance", COMPLEMENT, from_vectors=inner_product(_LANCE_SUMS)),
        EngineRow(
            "cosine",
            "cosine, _distance",
            COMPLEMENT,
            from_vectors=cosine(
                Order(lanes=8, registers=2, fused=True, blocks="none", rest_fused=False),
                roots="in turn",
            ),
            zero=_LANCEDB_ZERO,
            note="with IVF_PQ, which create_index makes by default, and the other quantised "
            "indexes _distance is about twice as much: lancedb-quantised",
        ),
        EngineRow("hamming", "hamming on uint8, _distance", SAME),
    ),
)

_LANCEDB_QUANTIZED = _LANCEDB._replace(
    name="lancedb-quantised",
    version="LanceDB 0.40.0 with IVF_PQ, IVF_SQ, IVF_RQ, IVF_HNSW_SQ or IVF_HNSW_PQ",
    source="lancedb/lance: rust/lance-index, vector/ (vectors are normalised, and compared by l2)",
    rows=(
        EngineRow(
            "cosine",
            "cosine, _distance",
            DOUBLED_COMPLEMENT,
            zero=Zero(
                "nothing",
                "accepted; a zero query gets numbers that mean nothing (1.6 to 2.5 were seen), and "
                "finds nothing here",
            ),
            note="without refine_factor, and but for what codes lose; l2 and dot are not doubled",
        ),
    ),
)

ENGINES = (_LANCEDB, _LANCEDB_QUANTIZED)
