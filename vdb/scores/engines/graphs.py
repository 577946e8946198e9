"""Graphs, and indexes of codes, whose names are younger than those of the other libraries."""

from __future__ import annotations

from vdb.scores.families import ANGLE, COMPLEMENT, HALVED_COMPLEMENT, ROOT, SAME
from vdb.scores.orders import ONE_BY_ONE, ByDimension, Order
from vdb.scores.rows import Engine, Row, Zero, inner
from vdb.scores.sums import cosine, product, squared
from vdb.scores.thresholds import RADIUS, none

__all__ = ["ENGINES"]

_SVS_SUMS = Order(
    lanes=16, registers=4, fused=True, gather="neighbours", blocks="gathered", rest="in lanes"
)
_SVS = Engine(
    name="svs",
    version="SVS (Scalable Vector Search) 0.5.0",
    source="intel/ScalableVectorSearch: include/svs/core/distance/",
    evidence="measured",
    threshold=none("SVS"),
    nan="accepted; the score is NaN",
    rows=(
        Row("l2", "L2", SAME, from_vectors=squared(_SVS_SUMS)),
        *inner("MIP", SAME, from_vectors=product(_SVS_SUMS)),
        Row(
            "cosine",
            "Cosine",
            SAME,
            from_vectors=cosine(_SVS_SUMS, of_query=ONE_BY_ONE),
            zero=Zero("nan", "accepted; the score is NaN, and rows are out of order"),
            note="a similarity; where k is more than there are rows, Flat pads with id 2^64 - 1, "
            "Vamana with a real row at distance 0",
        ),
    ),
)

_NGT = Engine(
    name="ngt",
    version="NGT 2.8.0.post1",
    source="yahoojapan/NGT: lib/NGT/PrimitiveComparator.h",
    evidence="measured",
    threshold=RADIUS.named("search_radius", "a negative radius means that there is none"),
    nan="not known",
    precision="rounded",
    rows=(
        Row("l2", "L2", ROOT),
        Row(
            "cosine",
            "Cosine",
            COMPLEMENT,
            zero=Zero("nothing", "accepted; such rows are never found"),
            note="a zero row is left out when it is inserted, and those after it have lower ids",
        ),
        Row("l1", "L1", SAME),
    ),
)
_NGT_ANGLE = _NGT._replace(
    name="ngt-angle",
    rows=(
        Row(
            "cosine",
            "Angle",
            ANGLE,
            zero=Zero("nothing", "accepted; such rows are never found"),
            note="in radians. 'Normalized L2' has no row: NGT normalises by the processor's "
            "approximate reciprocal root (RSQRTSS), whose bits differ between processors, and near "
            "vectors are at other distances there. 'Inner Product' has none: "
            "its distance sqrt(|q|^2 + M - 2 q.v) depends on M, the largest squared length stored",
        ),
    ),
)
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
_TURBOVEC = Engine(
    name="turbovec",
    version="TurboVec 1.1.2",
    source="TurboVec's own reference of TurboQuantIndex.search",
    evidence="measured",
    threshold=none("TurboVec"),
    nan="not known",
    rows=(
        *inner(
            "search, scores",
            SAME,
            note="an estimate from codes of 2 to 4 bits: the formula is what it estimates. A "
            "cosine only where the vectors have length 1",
        ),
    ),
)


def _hannoy_sums(dim: int) -> Order:
    if dim < 16:
        return ONE_BY_ONE
    if dim < 32:
        return Order(lanes=4, registers=4, gather="folded", blocks="none")
    return Order(lanes=8, registers=4, fused=True, gather="folded", blocks="none", rest_fused=False)


_HANNOY_SUMS = ByDimension("in up to 32 sums side by side", _hannoy_sums)
_HANNOY = Engine(
    name="hannoy",
    version="hannoy 0.1.3",
    source="nnethercott/hannoy: src/distance/, src/spaces/",
    evidence="measured",
    threshold=none("hannoy"),
    nan="not known",
    rows=(
        Row("l2", "EUCLIDEAN", SAME, from_vectors=squared(_HANNOY_SUMS), note="squared"),
        Row(
            "cosine",
            "COSINE",
            HALVED_COMPLEMENT,
            from_vectors=cosine(_HANNOY_SUMS),
            zero=Zero("number", "accepted; a zero query is at distance 0 from everything", 1.0),
        ),
    ),
)

ENGINES = (_SVS, _NGT, _NGT_ANGLE, _RABITQLIB, _TURBOVEC, _HANNOY)
