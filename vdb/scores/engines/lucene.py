"""The conventions of Apache Lucene."""

from __future__ import annotations

from dataclasses import replace

from vdb.scores.engine_rows import Engine, EngineRow, Zero
from vdb.scores.formula_families import BYTE_DOT, FRACTION, HALVED, HALVED_CLIPPED, MIP, RECIPROCAL
from vdb.scores.summation_order import ONE_BY_ONE_FUSED, ByDimension, Order
from vdb.scores.summed_quantities import cosine, inner_product, squared_l2
from vdb.scores.thresholds import RADIUS

__all__ = ["ENGINES"]

_RESULT_SIMILARITY = RADIUS.named("resultSimilarity")

_QUANTIZED = (
    "a field with a quantised format scores from codes in every query, exact ones too; only "
    "FullPrecisionFloatVectorSimilarityValuesSource and RescoreTopNQuery give the raw score"
)

_PANAMA = Order(lanes=16, registers=4, fused=True, gather="neighbours")

_LUCENE_SUMS = ByDimension(
    "in up to 64 sums side by side once it is compiled",
    lambda dim: ONE_BY_ONE_FUSED if dim <= 32 else _PANAMA,
)

_LUCENE_COSINE_SUMS = ByDimension(
    "in up to 32 sums side by side once it is compiled",
    lambda dim: ONE_BY_ONE_FUSED if dim <= 32 else replace(_PANAMA, registers=2, gather="sequence"),
)

_LUCENE = Engine(
    name="lucene",
    version="Lucene 10.5.0 (raw fields, of floats and of bytes)",
    source="apache/lucene: VectorSimilarityFunction.java, VectorUtil.java, "
    "VectorSimilarityCollector.java",
    evidence="measured",
    threshold=_RESULT_SIMILARITY,
    nan="refused on insert and query",
    rows=(
        EngineRow(
            "l2", "EUCLIDEAN", RECIPROCAL, from_vectors=squared_l2(_LUCENE_SUMS), note=_QUANTIZED
        ),
        EngineRow(
            "ip",
            "MAXIMUM_INNER_PRODUCT",
            MIP,
            from_vectors=inner_product(_LUCENE_SUMS),
            note=_QUANTIZED,
        ),
        EngineRow(
            "dot",
            "DOT_PRODUCT",
            HALVED_CLIPPED,
            from_vectors=inner_product(_LUCENE_SUMS),
            note="Lucene does not check that vectors have length 1: raw scores go above 1 (42.3 "
            f"was seen), those from codes end at 1; {_QUANTIZED}",
        ),
        EngineRow("dot", "DOT_PRODUCT (byte)", BYTE_DOT, dtype="int8"),
        EngineRow(
            "cosine",
            "COSINE",
            HALVED,
            from_vectors=cosine(_LUCENE_COSINE_SUMS, wide=True, roots="of product"),
            zero=Zero(
                "nothing",
                "refused: zero vector not allowed with cosine similarity function; a zero query "
                "finds nothing (a quantised field refuses it). Up to 9 it was scored NaN",
            ),
            note=_QUANTIZED,
        ),
        EngineRow(
            "hamming",
            "HnswBitVectorsFormat",
            FRACTION,
            note="of lucene-codecs, whatever similarity the field names",
        ),
    ),
)

ENGINES = (_LUCENE,)
