"""rank_bm25: its three classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vdb.lexical.arithmetic import Arithmetic, Constants, Numbers
from vdb.lexical.lexical_convention import LexicalConvention

__all__ = ["CONVENTIONS", "EPSILON"]

EPSILON = 0.25
"""Okapi: the share of the mean idf that a negative one becomes."""


class _Okapi(Arithmetic):
    family = "rank-bm25-okapi"

    def idf(self, df: int, constants: Constants) -> Any:
        idf = math.log(constants.documents - df + 0.5) - math.log(df + 0.5)
        return constants.negative_idf if idf < 0 else idf

    def share(self, weight: Any, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        return np.asarray(weight * (tf * (constants.k1 + 1) / (tf + norm)))


class _L(Arithmetic):
    family = "rank-bm25-l"

    def idf(self, df: int, constants: Constants) -> Any:
        return math.log(constants.documents + 1) - math.log(df + 0.5)

    def norm(self, lengths: Any, constants: Constants) -> Numbers:
        b = constants.b
        return np.asarray(1 - b + b * self.seen(lengths) / self.average(constants))

    def share(self, weight: Any, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        ctd = tf / norm
        k1, delta = constants.k1, constants.delta
        return np.asarray(weight * tf * (k1 + 1) * (ctd + delta) / (k1 + ctd + delta))


class _Plus(Arithmetic):
    family = "rank-bm25-plus"

    def idf(self, df: int, constants: Constants) -> Any:
        return math.log((constants.documents + 1) / df) if df else 0.0

    def share(self, weight: Any, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        return np.asarray(weight * (constants.delta + (tf * (constants.k1 + 1)) / (norm + tf)))

    def absent(self, weight: Any, constants: Constants) -> Any:
        return weight * constants.delta


def _row(name: str, called: str, idf: str, tf_part: str, **more: Any) -> LexicalConvention:
    return LexicalConvention(
        name=f"rank-bm25-{name}",
        engine="rank_bm25 0.2.2",
        source=f"rank_bm25.py, {called}.get_scores",
        evidence="measured",
        idf=idf,
        tf_part=tf_part,
        k1=1.5,
        statistics="the whole corpus, empty texts too",
        counts="texts",
        precision="float64",
        order="float64, in the order of the query's words",
        repeated="each time",
        threshold="none in the library; here score, at least",
        **more,
    )


CONVENTIONS = (
    _row(
        "okapi",
        "BM25Okapi",
        "ln(N - n + 0.5) - ln(n + 0.5); a quarter of the mean idf of all words where that is "
        "below 0",
        "(k1 + 1) tf / (tf + k1 (1 - b + b dl / avgdl))",
        arithmetic=_Okapi(),
        note="A word that half of the texts have counts 0. The mean idf is added up in the order "
        "in which words first occur in the corpus: its last digits depend on that. It may be "
        "negative, and then are such shares",
    ),
    _row(
        "l",
        "BM25L",
        "ln(N + 1) - ln(n + 0.5)",
        "tf (k1 + 1) (c + delta) / (k1 + c + delta), c = tf / (1 - b + b dl / avgdl)",
        delta=0.5,
        settable=("k1", "b", "delta"),
        arithmetic=_L(),
        note="The library has one factor tf more than BM25L as published",
    ),
    _row(
        "plus",
        "BM25Plus",
        "ln((N + 1) / n)",
        "delta + (k1 + 1) tf / (k1 (1 - b + b dl / avgdl) + tf)",
        delta=1.0,
        settable=("k1", "b", "delta"),
        absent="idf delta: texts with none of the words are hits, too, with one score",
        arithmetic=_Plus(),
    ),
)
