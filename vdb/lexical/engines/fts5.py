"""SQLite FTS5: its auxiliary function bm25()."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vdb.lexical.arithmetic import Arithmetic, Constants, Numbers
from vdb.lexical.lexical_convention import LexicalConvention

__all__ = ["CONVENTIONS"]

_LEAST = 1e-6


class _Fts5(Arithmetic):
    family = "fts5"
    phrase = "count"
    sign = -1

    def idf(self, df: int, constants: Constants) -> Any:
        idf = math.log((constants.documents - df + 0.5) / (df + 0.5))
        return idf if idf > 0 else _LEAST

    def share(self, weight: Any, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        return np.asarray(weight * (tf * (constants.k1 + 1.0) / (tf + norm)))

    def total(self, shares: Numbers, present: Any, absent: Numbers) -> Numbers:
        total = super().total(shares, present, absent)
        return np.where(total == 0, 0, -total)


CONVENTIONS = (
    LexicalConvention(
        name="fts5",
        engine="SQLite 3.40 FTS5, bm25()",
        source="ext/fts5/fts5_aux.c",
        evidence="measured",
        idf="ln((N - n + 0.5) / (n + 0.5)); 0.000001 where that is not above 0",
        tf_part="(k1 + 1) tf / (tf + k1 (1 - b + b dl / avgdl))",
        settable=(),
        statistics="all rows of the table, exact; deletes count at once",
        counts="texts",
        precision="float64",
        order="float64, in the order of the query's phrases, negated",
        repeated="each time",
        direction="lower",
        arithmetic=_Fts5(),
        threshold="in SQL: bm25(t) <= threshold; here at most",
        note="A word that half of the texts have, or more, counts next to nothing. Of a table of "
        "several columns dl counts all of them: here one field",
    ),
)
