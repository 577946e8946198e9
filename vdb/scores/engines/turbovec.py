"""The conventions of TurboVec."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, ip_and_dot
from vdb.scores.formula_families import SAME
from vdb.scores.thresholds import none

__all__ = ["ENGINES"]

_TURBOVEC = Engine(
    name="turbovec",
    version="TurboVec 1.1.2",
    source="TurboVec's own reference of TurboQuantIndex.search",
    evidence="measured",
    threshold=none("TurboVec"),
    nan="not known",
    rows=(
        *ip_and_dot(
            "search, scores",
            SAME,
            note="an estimate from codes of 2 to 4 bits: the formula is what it estimates. A "
            "cosine only where the vectors have length 1",
        ),
    ),
)

ENGINES = (_TURBOVEC,)
