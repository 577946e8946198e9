"""Libraries that hold an index in memory."""

from __future__ import annotations

from vdb.scores.families import CHORD, CLAMPED_COMPLEMENT, COMPLEMENT, NEGATED, ROOT, SAME
from vdb.scores.rows import Engine, Row, inner, zero_is
from vdb.scores.thresholds import RADIUS, STRICT, none
from vdb.scores.vectors import NORMALISED

__all__ = ["ENGINES"]

_NAN_OUT = "accepted; the score is NaN"

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
        Row("l2", "l2", SAME),
        *inner("ip", COMPLEMENT, note="its former HNSW index has -q.v for int8 vectors"),
        Row(
            "cosine",
            "cosine",
            COMPLEMENT,
            from_vectors=NORMALISED,
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
        Row("l2", "METRIC_L2", SAME),
        *inner("METRIC_INNER_PRODUCT", SAME),
        Row("l1", "METRIC_L1", SAME),
        Row("hamming", "IndexBinaryFlat", SAME),
    ),
)
_HNSWLIB = Engine(
    name="hnswlib",
    version="hnswlib 0.8.0",
    source="nmslib/hnswlib: space_l2.h, space_ip.h, python_bindings/bindings.cpp",
    evidence="measured",
    threshold=none("hnswlib in Python"),
    nan=_NAN_OUT,
    rows=(
        Row("l2", "l2", SAME),
        *inner("ip", COMPLEMENT),
        Row(
            "cosine",
            "cosine",
            COMPLEMENT,
            from_vectors=NORMALISED,
            zero=zero_is("1"),
            note="its BFIndex does not normalise the query: 1 - |q| cos(q, v)",
        ),
    ),
)
_NMSLIB = Engine(
    name="nmslib",
    version="NMSLIB 2.1.3, hnsw with its optimised index",
    source="nmslib/nmslib: similarity_search/src/method/hnsw.cc, distcomp_scalar.cc",
    evidence="measured",
    threshold=none("NMSLIB"),
    nan="not known",
    rows=(
        Row("l2", "l2", SAME, note="seq_search and hnsw with skip_optimized_index return the root"),
        *inner("negdotprod", NEGATED),
        Row(
            "cosine",
            "cosinesimil",
            CLAMPED_COMPLEMENT,
            from_vectors=NORMALISED,
            zero=zero_is("1"),
        ),
        Row("l1", "l1", SAME),
    ),
)
_USEARCH = Engine(
    name="usearch",
    version="USearch 2.26.6",
    source="unum-cloud/usearch: include/usearch/index_plugins.hpp",
    evidence="measured",
    threshold=none("USearch"),
    nan=_NAN_OUT,
    rows=(
        Row("l2", "l2sq", SAME),
        *inner(
            "ip",
            COMPLEMENT,
            note="float input to an i8 index is normalised, times 127, before it is compared",
        ),
        Row(
            "cosine",
            "cos",
            COMPLEMENT,
            precision="rounded",
            zero=zero_is("1", "; of two zero vectors it is 0"),
        ),
        Row("hamming", "hamming", SAME),
    ),
)
_VOYAGER = Engine(
    name="voyager",
    version="Voyager 2.2.3",
    source="spotify/voyager: cpp/",
    evidence="measured",
    threshold=none("Voyager"),
    nan=_NAN_OUT,
    rows=(
        Row("l2", "Euclidean", SAME),
        *inner(
            "InnerProduct",
            COMPLEMENT,
            note="that is what query returns; get_distance differs where lengths do",
        ),
        Row("cosine", "Cosine", COMPLEMENT, from_vectors=NORMALISED, zero=zero_is("1")),
    ),
)
_ANNOY = Engine(
    name="annoy",
    version="Annoy 1.17.3",
    source="spotify/annoy: src/annoylib.h",
    evidence="measured",
    threshold=none("Annoy"),
    nan="accepted; the score is NaN, of angular sqrt(2)",
    rows=(
        Row("l2", "euclidean", ROOT),
        *inner("dot", SAME, note="called a distance, and higher is closer"),
        Row("cosine", "angular", CHORD, zero=zero_is("sqrt(2)")),
        Row("l1", "manhattan", SAME),
        Row("hamming", "hamming", SAME, note="of cells that hold 0 or 1"),
    ),
)

ENGINES = (_VSAG, _FAISS, _HNSWLIB, _NMSLIB, _USEARCH, _VOYAGER, _ANNOY)
