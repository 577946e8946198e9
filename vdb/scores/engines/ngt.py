"""The conventions of NGT."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, Zero
from vdb.scores.formula_families import ANGLE, COMPLEMENT, ROOT, SAME
from vdb.scores.thresholds import RADIUS

__all__ = ["ENGINES"]

_NGT = Engine(
    name="ngt",
    version="NGT 2.8.0.post1",
    source="yahoojapan/NGT: lib/NGT/PrimitiveComparator.h",
    evidence="measured",
    threshold=RADIUS.named("search_radius", "a negative radius means that there is none"),
    nan="not known",
    precision="rounded",
    rows=(
        EngineRow("l2", "L2", ROOT),
        EngineRow(
            "cosine",
            "Cosine",
            COMPLEMENT,
            zero=Zero("nothing", "accepted; such rows are never found"),
            note="a zero row is left out when it is inserted, and those after it have lower ids",
        ),
        EngineRow("l1", "L1", SAME),
    ),
)

_NGT_ANGLE = _NGT._replace(
    name="ngt-angle",
    rows=(
        EngineRow(
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

ENGINES = (_NGT, _NGT_ANGLE)
