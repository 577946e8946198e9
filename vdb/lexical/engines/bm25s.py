"""bm25s: its five methods."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from vdb.lexical.arithmetic import Arithmetic, Constants, Numbers, lucene_idf
from vdb.lexical.lexical_convention import LexicalConvention

__all__ = ["CONVENTIONS"]

_F = np.float32


class _Bm25s(Arithmetic):
    """Shares in float64, stored and added up in float32."""

    dtype = np.float32

    def idf_of_phrase(self, idfs: list[Any]) -> Any:
        total = _F(0)
        for idf in idfs:
            total += _F(idf)
        return total

    def weight(self, idf: Any, constants: Constants, count: int = 1) -> Any:
        del constants, count
        return _F(idf)

    def share(self, weight: Any, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        return self._stored(float(weight) * self._tfc(tf, norm, constants))

    def _tfc(self, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        del constants
        return np.asarray(tf / (norm + tf))

    @staticmethod
    def _stored(share: Numbers) -> Numbers:
        return np.asarray(share).astype(np.float32)

    def tf_part(self, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        return self._tfc(tf, norm, constants)


class _Lucene(_Bm25s):
    family = "bm25s-lucene"

    def idf(self, df: int, constants: Constants) -> Any:
        return _F(lucene_idf(df, constants.documents))


class _Robertson(_Bm25s):
    family = "bm25s-robertson"

    def idf(self, df: int, constants: Constants) -> Any:
        return _F(math.log(max(1.0, (constants.documents - df + 0.5) / (df + 0.5))))


class _Atire(_Bm25s):
    family = "bm25s-atire"

    def idf(self, df: int, constants: Constants) -> Any:
        return _F(math.log(constants.documents / df)) if df else _F(0)

    def _tfc(self, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        above = tf.astype(np.float32) * _F(constants.k1 + 1)
        return np.asarray(above.astype(np.float64) / (tf + norm))


class _Above(_Bm25s):
    """Methods that give absent words a share: stored are the differences to it."""

    base = True

    def share(self, weight: Any, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        idf32, idf64 = _F(weight), float(weight)
        whole = float(idf32) * self._tfc(tf, norm, constants)
        return self._stored(whole - float(self._lacking(idf64, constants)))

    def weight(self, idf: Any, constants: Constants, count: int = 1) -> Any:
        del constants, count
        return idf

    def absent(self, weight: Any, constants: Constants) -> Any:
        return self._lacking(float(weight), constants)

    def _lacking(self, idf: float, constants: Constants) -> Any:
        raise NotImplementedError

    def total(self, shares: Numbers, present: Any, absent: Numbers) -> Numbers:
        total = np.zeros(shares.shape[1], dtype=np.float32)
        for share, where in zip(shares, present, strict=True):
            total = total + np.where(where, share, _F(0))
        # Words that no text has are not in it; numpy adds up eight numbers and more in lanes.
        base = absent[absent != 0].astype(np.float32).sum()
        return np.asarray(total + base, np.float32)


class _L(_Above):
    family = "bm25s-bm25l"

    def idf(self, df: int, constants: Constants) -> Any:
        return math.log((constants.documents + 1) / (df + 0.5))

    def norm(self, lengths: Any, constants: Constants) -> Numbers:
        b = constants.b
        return np.asarray(1 - b + b * self.seen(lengths) / self.average(constants))

    def _tfc(self, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        k1, delta, c = constants.k1, constants.delta, tf / norm
        return np.asarray(((k1 + 1) * (c + delta)) / (k1 + c + delta))

    def _lacking(self, idf: float, constants: Constants) -> Any:
        k1, delta = constants.k1, constants.delta
        return _F(idf * (((k1 + 1) * delta) / (k1 + delta)))


class _Plus(_Above):
    family = "bm25s-bm25+"

    def idf(self, df: int, constants: Constants) -> Any:
        return math.log((constants.documents + 1) / df) if df else 0.0

    def _tfc(self, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        above = tf.astype(np.float32) * _F(constants.k1 + 1)
        return np.asarray(above.astype(np.float64) / (norm + tf) + constants.delta)

    def _lacking(self, idf: float, constants: Constants) -> Any:
        return _F(idf * constants.delta)


def _row(
    method: str, idf: str, tf_part: str, arithmetic: Callable[[], Arithmetic], **more: Any
) -> LexicalConvention:
    return LexicalConvention(
        name=f"bm25s-{method}",
        engine="bm25s 0.3.16",
        source=f'bm25s/scoring.py, method="{method}"',
        evidence="measured",
        idf=idf,
        tf_part=tf_part,
        k1=1.5,
        statistics="the whole corpus, empty texts too, fixed when it is indexed",
        counts="texts",
        precision="shares in float64 (numpy 2), stored in float32",
        order="float32, in the order of the query's words",
        repeated="each time",
        threshold="none in the library; here score, at least",
        arithmetic=arithmetic(),
        note=" ".join(
            filter(
                None,
                (
                    more.pop("note", ""),
                    "With numpy 1 the library computes shares in float32: the last digits differ",
                ),
            )
        ),
        **more,
    )


_LENGTH = "k1 (1 - b + b dl / avgdl)"
_BASE = "its share with tf = 0: texts with none of the words are hits, too, with one score"

CONVENTIONS = (
    _row("lucene", "ln(1 + (N - n + 0.5) / (n + 0.5))", f"tf / ({_LENGTH} + tf)", _Lucene),
    _row(
        "robertson",
        "ln((N - n + 0.5) / (n + 0.5)), at least 0",
        f"tf / ({_LENGTH} + tf)",
        _Robertson,
        note="A word that half of the texts have, or more, counts 0.",
    ),
    _row("atire", "ln(N / n)", f"(k1 + 1) tf / (tf + {_LENGTH})", _Atire),
    _row(
        "bm25l",
        "ln((N + 1) / (n + 0.5))",
        "(k1 + 1) (c + delta) / (k1 + c + delta), c = tf / (1 - b + b dl / avgdl)",
        _L,
        delta=0.5,
        settable=("k1", "b", "delta"),
        absent=_BASE,
    ),
    _row(
        "bm25+",
        "ln((N + 1) / n)",
        f"(k1 + 1) tf / ({_LENGTH} + tf) + delta",
        _Plus,
        delta=0.5,
        settable=("k1", "b", "delta"),
        absent=_BASE,
    ),
)
