"""Engines inside a process that keep their data in files."""

from __future__ import annotations

from vdb.scores.families import COMPLEMENT, DOUBLED_COMPLEMENT, NEGATED, ROOT, SAME
from vdb.scores.orders import ONE_BY_ONE, ONE_BY_ONE_FUSED, ByDimension, Order
from vdb.scores.rows import Engine, Row, Zero, inner, zero_is
from vdb.scores.sums import cosine, cosine_of_units, product, squared
from vdb.scores.thresholds import INCLUSIVE, POSITIVE_RADIUS, STRICT, WIDE, none

__all__ = ["ENGINES"]

_FOUR = Order(lanes=4, fold="sequence")
_CHROMA = Engine(
    name="chroma",
    version="Chroma 1.5.9",
    source="chroma-core/chroma: rust/distance",
    evidence="measured",
    threshold=none("a query of Chroma"),
    nan="refused on insert; a NaN query gives NaN distances",
    rows=(
        Row("l2", "l2", SAME, from_vectors=squared(_FOUR)),
        *inner("ip", COMPLEMENT, from_vectors=product(_FOUR)),
        Row(
            "cosine",
            "cosine",
            COMPLEMENT,
            from_vectors=cosine_of_units(ONE_BY_ONE, _FOUR),
            zero=zero_is("1"),
        ),
    ),
)
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
        Row("l2", "l2, _distance", SAME, from_vectors=squared(_LANCE_SUMS)),
        *inner("dot, _distance", COMPLEMENT, from_vectors=product(_LANCE_SUMS)),
        Row(
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
        Row("hamming", "hamming on uint8, _distance", SAME),
    ),
)
_LANCEDB_QUANTIZED = _LANCEDB._replace(
    name="lancedb-quantised",
    version="LanceDB 0.40.0 with IVF_PQ, IVF_SQ, IVF_RQ, IVF_HNSW_SQ or IVF_HNSW_PQ",
    source="lancedb/lance: rust/lance-index, vector/ (vectors are normalised, and compared by l2)",
    rows=(
        Row(
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
_SQLITE_VEC = Engine(
    name="sqlite-vec",
    version="sqlite-vec 0.1.9",
    source="asg017/sqlite-vec: sqlite-vec.c",
    evidence="measured",
    threshold=WIDE.named("distance <= x"),
    nan="accepted; the distance is NULL",
    rows=(
        Row("l2", "vec0 L2, distance", ROOT, from_vectors=squared(ONE_BY_ONE)),
        Row(
            "cosine",
            "vec0 cosine, distance",
            COMPLEMENT,
            from_vectors=cosine(ONE_BY_ONE, wide=True),
            precision="rounded",
            zero=Zero("nan", "accepted; the distance is NULL (here NaN), and the row is kept"),
        ),
        Row("l1", "vec0 L1, distance", SAME, precision="rounded"),
        Row("hamming", "vec_distance_hamming", SAME),
    ),
)
_DUCKDB = Engine(
    name="duckdb",
    version="DuckDB 2.0.1",
    source="duckdb/duckdb, duckdb/duckdb-vss: the functions that its vss index answers",
    evidence="measured",
    threshold=INCLUSIVE,
    nan="accepted; the distance is NaN",
    rows=(
        Row(
            "l2",
            "array_distance",
            ROOT,
            from_vectors=squared(ONE_BY_ONE_FUSED),
            note="also where the vss index is called l2sq",
        ),
        *inner(
            "array_negative_inner_product",
            NEGATED,
            from_vectors=product(ONE_BY_ONE_FUSED),
            note="array_inner_product is its negative",
        ),
        Row(
            "cosine",
            "array_cosine_distance",
            COMPLEMENT,
            from_vectors=cosine(ONE_BY_ONE_FUSED, roots="of product"),
            zero=Zero("nan", "accepted; the distance is NaN, and the row is kept"),
            note="array_cosine_similarity is 1 minus it",
        ),
    ),
)
_ZVEC_SUMS = Order(lanes=16, fused=True, rest="in lanes")
_ZVEC = Engine(
    name="zvec",
    version="zvec 0.8.0",
    source="alibaba/zvec: inner_product_metric.cc",
    evidence="measured",
    threshold=POSITIVE_RADIUS,
    nan="accepted; the row never appears in results",
    rows=(
        Row("l2", "L2, score", SAME, from_vectors=squared(_ZVEC_SUMS)),
        *inner("IP, score", SAME, from_vectors=product(_ZVEC_SUMS)),
        Row(
            "cosine",
            "COSINE, score",
            COMPLEMENT,
            from_vectors=cosine_of_units(Order(lanes=4), _ZVEC_SUMS, divided=True),
            zero=zero_is("1"),
        ),
    ),
)

ENGINES = (_CHROMA, _LANCEDB, _LANCEDB_QUANTIZED, _SQLITE_VEC, _DUCKDB, _ZVEC)
