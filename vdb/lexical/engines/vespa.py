"""Vespa: the rank feature bm25."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdb.lexical.arithmetic import Arithmetic, Constants, Numbers, lucene_idf
from vdb.lexical.lexical_convention import LexicalConvention

__all__ = ["CONVENTIONS"]

_LONGEST = 65_535  # the field of a length has 16 bits


class _Vespa(Arithmetic):
    family = "vespa"
    phrase = "count"

    def idf(self, df: int, constants: Constants) -> Any:
        return lucene_idf(max(df, 1), constants.documents)

    def weight(self, idf: Any, constants: Constants, count: int = 1) -> Any:
        del count
        return idf * (constants.k1 + 1.0)

    def seen(self, lengths: Any) -> Any:
        return np.minimum(np.asarray(lengths, dtype=np.int64), _LONGEST)

    def norm(self, lengths: Any, constants: Constants) -> Numbers:
        k1, b = constants.k1, constants.b
        relative = self.seen(lengths) / self.average(constants)
        return np.asarray(k1 * (1.0 - b) + k1 * b * relative)

    def share(self, weight: Any, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        del constants
        return np.asarray(tf * weight / (tf + norm))


CONVENTIONS = (
    LexicalConvention(
        name="vespa",
        engine="Vespa 8",
        source="searchlib/features/bm25_feature.cpp; docs.vespa.ai: The BM25 rank feature",
        evidence="transcribed",
        idf="ln(1 + (N - n + 0.5) / (n + 0.5)), with n from 1 to N",
        tf_part="(k1 + 1) tf / (tf + k1 (1 - b) + k1 b dl / avgdl)",
        statistics="all documents of a content node; avgdl is a running mean there, which forgets "
        "after 100,000 samples: here exact",
        counts="texts",
        precision="float64",
        order="float64, in the order of the query's words",
        repeated="each time",
        arithmetic=_Vespa(),
        threshold="score, above (rank-score-drop-limit); here at least",
        note="Lengths are 16 bits wide. Fields whose index has no interleaved features score the "
        "idf alone, which is not reproduced",
    ),
)
