"""Lucene: BM25Similarity since 8.0, and the older one with a factor (k1 + 1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdb.lexical.arithmetic import Arithmetic, Constants, Numbers, lucene_idf
from vdb.lexical.lexical_convention import LexicalConvention

__all__ = ["CONVENTIONS", "LEGACY", "LUCENE", "lucene_row"]

_F = np.float32


class _Lucene(Arithmetic):
    """float32 where Java has float; shares are added in double, and cast once."""

    family = "lucene"
    dtype = np.float32
    bytes = True
    boosts = True
    prefix = "constant"

    def average(self, constants: Constants) -> Any:
        return _F(constants.length_sum / constants.documents)

    def idf(self, df: int, constants: Constants) -> Any:
        return _F(lucene_idf(df, constants.documents))

    def weight(self, idf: Any, constants: Constants, count: int = 1) -> Any:
        del constants
        return _F(count) * _F(idf)

    def norm(self, lengths: Any, constants: Constants) -> Numbers:
        k1, b, one = _F(constants.k1), _F(constants.b), _F(1)
        seen = self.seen(lengths).astype(np.float32)
        with np.errstate(
            divide="ignore"
        ):  # with k1 = 0 tf does not matter, as with Java's infinity
            inverse = one / (k1 * ((one - b) + b * seen / self.average(constants)))
        return np.asarray(inverse, dtype=np.float32)

    def share(self, weight: Any, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        del constants
        one = _F(1)
        return np.asarray(weight - weight / (one + tf.astype(np.float32) * norm), np.float32)

    def total(self, shares: Numbers, present: Any, absent: Numbers) -> Numbers:
        del absent
        total = np.zeros(shares.shape[1])
        for share, where in zip(shares, present, strict=True):
            total += np.where(where, share, 0).astype(np.float64)
        return total.astype(np.float32)


class _LuceneLegacy(_Lucene):
    """LegacyBM25Similarity: the same with a boost of 1 + k1."""

    family = "lucene-legacy"

    def weight(self, idf: Any, constants: Constants, count: int = 1) -> Any:
        return _F(count) * (_F(1) + _F(constants.k1)) * _F(idf)


LUCENE = _Lucene()
LEGACY = _LuceneLegacy()

_MERGED = (
    "documents with at least one word of the field; deleted ones count there until segments are "
    "merged: here as after a merge"
)


def lucene_row(
    name: str, engine: str, source: str, *, legacy: bool = False, **more: Any
) -> LexicalConvention:
    """A row of Lucene's formula under the name of an engine that is built on it."""
    factor = "(1 + k1) " if legacy else ""
    return LexicalConvention(
        name=name,
        engine=engine,
        source=source,
        idf="ln(1 + (N - n + 0.5) / (n + 0.5))",
        tf_part=f"{factor}(1 - 1 / (1 + tf / (k1 ((1 - b) + b dl / avgdl))))",
        statistics=more.pop("statistics", _MERGED),
        counts="with terms",
        precision="float32; idf in float64, rounded",
        order="float64, rounded to float32 once, so that the order of the words hardly shows",
        repeated="once, with its weight times the number",
        arithmetic=LEGACY if legacy else LUCENE,
        **more,
    )


CONVENTIONS = (
    lucene_row(
        "lucene",
        "Lucene 8 to 10",
        "BM25Similarity, SmallFloat, BooleanQuery.rewrite",
        evidence="measured",
        note="Lucene gives its float as it is; a query of one clause and of many add up alike",
    ),
)
