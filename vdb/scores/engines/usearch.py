"""The conventions of USearch."""

from __future__ import annotations

from vdb.scores.engine_rows import NAN_SCORE, Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import COMPLEMENT, SAME
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]

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
    nan=NAN_SCORE,
    rows=(
        EngineRow(
            "l2",
            "l2sq",
            SAME,
            note=f"{_USEARCH_I8}, so that lengths are lost: (3, 4) and (30, 40) are at distance 0",
        ),
        *ip_and_dot("ip", COMPLEMENT, note=_USEARCH_I8),
        EngineRow(
            "cosine",
            "cos",
            COMPLEMENT,
            precision="rounded",
            zero=zero_is("1", "; of two zero vectors it is 0"),
            note=_USEARCH_I8,
        ),
        EngineRow("hamming", "hamming", SAME),
    ),
)

ENGINES = (_USEARCH,)
