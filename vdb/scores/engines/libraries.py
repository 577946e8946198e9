"""Libraries that hold an index in memory."""

from __future__ import annotations

from dataclasses import replace

from vdb.scores.families import CHORD, CLAMPED_COMPLEMENT, COMPLEMENT, NEGATED, ROOT, SAME
from vdb.scores.orders import ONE_BY_ONE, SIXTEEN, ByDimension, Order
from vdb.scores.rows import Engine, Row, inner, zero_is
from vdb.scores.sums import absolute, cosine_of_units, product, rest_apart, rounded_chord, squared
from vdb.scores.thresholds import RADIUS, STRICT, none

__all__ = ["ENGINES"]

_NAN_OUT = "accepted; the score is NaN"

_VSAG_SIXTEEN = Order(lanes=16, fused=True, rest="apart", rest_fused=False)
_VSAG_SUMS = ByDimension(
    _VSAG_SIXTEEN.text,
    lambda dim: Order(lanes=8, fold="sequence", rest="apart") if dim < 16 else _VSAG_SIXTEEN,
)
_VSAG = Engine(
    name="vsag",
    version="VSAG 0.18.5",
    source="antgroup/vsag: fp32_quantizer.cpp, int8_quantizer.cpp, scalar_op.h",
    evidence="measured",
    threshold=RADIUS.named(
        "radius",
        "VSAG refuses a negative radius, so that an inner product above 1 cannot be asked for; "
        "here it can",
    ),
    nan=_NAN_OUT,
    rows=(
        Row("l2", "l2", SAME, from_vectors=squared(_VSAG_SUMS)),
        *inner(
            "ip",
            COMPLEMENT,
            from_vectors=product(_VSAG_SUMS),
            note="its former HNSW index has -q.v for int8 vectors",
        ),
        Row(
            "cosine",
            "cosine",
            COMPLEMENT,
            from_vectors=cosine_of_units(_VSAG_SUMS, _VSAG_SUMS, divided=True),
            zero=zero_is("1", " (hgraph, brute_force; the former HNSW index gives NaN)"),
        ),
    ),
)
_FAISS = Engine(
    name="faiss",
    version="Faiss 1.15.1",
    source="facebookresearch/faiss: IndexFlat.cpp, utils/distances*, impl/ResultHandler.h",
    evidence="measured",
    threshold=STRICT.named("range_search radius"),
    nan="accepted; the row never appears in results",
    rows=(
        Row("l2", "METRIC_L2", SAME, from_vectors=squared(SIXTEEN)),
        *inner("METRIC_INNER_PRODUCT", SAME, from_vectors=product(SIXTEEN)),
        Row(
            "l1",
            "METRIC_L1",
            SAME,
            from_vectors=absolute(Order(lanes=8, registers=2, blocks="gathered")),
        ),
        Row("hamming", "IndexBinaryFlat", SAME),
    ),
)


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


_BY_SIZE = "in 4 to 16 sums side by side, by the dimension"
_HNSWLIB_IP = ByDimension(_BY_SIZE, _hnswlib_ip)
_HNSWLIB = Engine(
    name="hnswlib",
    version="hnswlib 0.8.0",
    source="nmslib/hnswlib: space_l2.h, space_ip.h, python_bindings/bindings.cpp",
    evidence="measured",
    threshold=none("hnswlib in Python"),
    nan=_NAN_OUT,
    rows=(
        Row("l2", "l2", SAME, from_vectors=squared(ByDimension(_BY_SIZE, _hnswlib_l2))),
        *inner("ip", COMPLEMENT, from_vectors=product(_HNSWLIB_IP)),
        Row(
            "cosine",
            "cosine",
            COMPLEMENT,
            from_vectors=cosine_of_units(ONE_BY_ONE, _HNSWLIB_IP),
            zero=zero_is("1"),
            note="its BFIndex does not normalise the query: 1 - |q| cos(q, v)",
        ),
    ),
)

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
        Row(
            "l2",
            "l2",
            SAME,
            from_vectors=squared(_NMSLIB_L2),
            note="seq_search and hnsw with skip_optimized_index return the root",
        ),
        *inner("negdotprod", NEGATED, from_vectors=product(_NMSLIB_ANY)),
        Row(
            "cosine",
            "cosinesimil",
            CLAMPED_COMPLEMENT,
            from_vectors=cosine_of_units(ONE_BY_ONE, _NMSLIB_ANY),
            zero=zero_is("1"),
        ),
        Row("l1", "l1", SAME, from_vectors=absolute(Order(lanes=4, fold="sequence"))),
    ),
)
_USEARCH_I8 = (
    "float input to an i8 index is normalised, times 127, and cut to whole numbers before it is "
    "compared"
)
_USEARCH = Engine(
    name="usearch",
    version="USearch 2.26.6",
    source="unum-cloud/usearch: include/usearch/index_plugins.hpp",
    evidence="measured",
    threshold=none("USearch"),
    nan=_NAN_OUT,
    rows=(
        Row(
            "l2",
            "l2sq",
            SAME,
            note=f"{_USEARCH_I8}, so that lengths are lost: (3, 4) and (30, 40) are at distance 0",
        ),
        *inner("ip", COMPLEMENT, note=_USEARCH_I8),
        Row(
            "cosine",
            "cos",
            COMPLEMENT,
            precision="rounded",
            zero=zero_is("1", "; of two zero vectors it is 0"),
            note=_USEARCH_I8,
        ),
        Row("hamming", "hamming", SAME),
    ),
)
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
    nan=_NAN_OUT,
    rows=(
        Row("l2", "Euclidean", SAME, from_vectors=squared(ByDimension(_BY_SIZE, _voyager_l2))),
        *inner(
            "InnerProduct",
            COMPLEMENT,
            from_vectors=rest_apart(_VOYAGER_SIXTEEN, Order(lanes=4), _voyager_longer),
            precision="rounded",
            note="that is what query returns; get_distance differs where lengths do",
        ),
        Row(
            "cosine",
            "Cosine",
            COMPLEMENT,
            from_vectors=rest_apart(
                _VOYAGER_SIXTEEN, Order(lanes=4), _voyager_turn, Order(lanes=4)
            ),
            precision="rounded",
            zero=zero_is("1"),
        ),
    ),
)

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

ENGINES = (_VSAG, _FAISS, _HNSWLIB, _NMSLIB, _USEARCH, _VOYAGER, _ANNOY)
