"""tantivy: Lucene's formula with the factor (k1 + 1), all in float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdb.kernel import TextScorer
from vdb.lexical.arithmetic import Arithmetic, Constants, Numbers
from vdb.lexical.lexical_convention import LexicalConvention

__all__ = ["CONVENTIONS"]

_F = np.float32


class _Tantivy(Arithmetic):
    family = "tantivy"
    dtype = np.float32
    bytes = True
    prefix = "constant"

    def average(self, constants: Constants) -> Any:
        return _F(constants.length_sum) / _F(constants.documents)

    def idf(self, df: int, constants: Constants) -> Any:
        # Rust takes the logarithm of a float32 with the platform's logf, which Python lacks.
        scorer = TextScorer(self.family, documents=constants.documents, length_sum=0)
        return _F(scorer.idf(df))

    def idf_of_phrase(self, idfs: list[Any]) -> Any:
        total = _F(0)
        for idf in idfs:
            total += _F(idf)
        return total

    def weight(self, idf: Any, constants: Constants, count: int = 1) -> Any:
        del count
        return _F(idf) * (_F(1) + _F(constants.k1))

    def norm(self, lengths: Any, constants: Constants) -> Numbers:
        k1, b = _F(constants.k1), _F(constants.b)
        seen = self.seen(lengths).astype(np.float32)
        return np.asarray(k1 * (_F(1) - b + b * seen / self.average(constants)), np.float32)

    def share(self, weight: Any, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        del constants
        occurrences = tf.astype(np.float32)
        return np.asarray(weight * (occurrences / (occurrences + norm)), np.float32)


CONVENTIONS = (
    LexicalConvention(
        name="tantivy",
        engine="tantivy 0.26 and 0.27",
        source="query/bm25.rs, fieldnorm/code.rs",
        evidence="measured",
        idf="ln(1 + (N - n + 0.5) / (n + 0.5))",
        tf_part="(k1 + 1) tf / (tf + k1 (1 - b + b dl / avgdl))",
        settable=(),
        statistics="all documents, without words too; deleted ones count there until segments are "
        "merged, and then avgdl is estimated: here exact, as of an index that never had them",
        counts="texts",
        precision="float32",
        order="float32, in the order of the query's clauses",
        repeated="each time",
        arithmetic=_Tantivy(),
        threshold="none in the library; here score, at least",
        note="Not reproduced: that a document deleted before the last merge still counts",
    ),
)
