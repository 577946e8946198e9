"""How an engine computes a score of words, step by step, in its precision.

Every family of formulas is a class here or beside an engine's rows. Its steps have one order and
one type each, because float sums and products depend on both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.lexical.byte_lengths import seen_lengths

__all__ = ["Arithmetic", "Constants", "Numbers", "lucene_idf"]

Numbers: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Constants:
    """What a formula depends on besides the counts of a word.

    Attributes:
        documents: N, the documents that the engine counts.
        length_sum: The number of words in all of them.
        k1: How slowly tf saturates.
        b: How much the length matters.
        delta: What BM25L and BM25+ add.
        negative_idf: In place of an idf below 0, where the engine has such a rule.
    """

    documents: int
    length_sum: int
    k1: float
    b: float
    delta: float = 0.0
    negative_idf: float = 0.0


class Arithmetic:
    """One engine's arithmetic: vdb's own, unless a step is overridden.

    Attributes:
        family: The kernel's name of it.
        dtype: The type of a share and of the score.
        bytes: Whether lengths are seen through one byte.
        boosts: Whether a repeated word counts once, with a larger weight.
        phrase: What a phrase's idf is: the "sum" of those of its words, or that of the "count" of
            the documents that have it.
        sign: -1 where lower scores are better.
        base: Whether shares of absent words are added for every document, behind the others.
        prefix: What a beginning counts: "occurrences", as one word that occurs where any of its
            words does; or "constant", 1 for each document.
    """

    family: ClassVar[str] = "native"
    dtype: ClassVar[Any] = np.float64
    bytes: ClassVar[bool] = False
    boosts: ClassVar[bool] = False
    sign: ClassVar[int] = 1
    base: ClassVar[bool] = False
    phrase: ClassVar[Literal["sum", "count"]] = "sum"
    prefix: ClassVar[Literal["occurrences", "constant"]] = "occurrences"

    def average(self, constants: Constants) -> Any:
        """The average length."""
        return constants.length_sum / constants.documents

    def idf(self, df: int, constants: Constants) -> Any:
        """The weight of a word that so many documents have."""
        return lucene_idf(df, constants.documents)

    def idf_of_phrase(self, idfs: list[Any]) -> Any:
        """The idf of a phrase from those of its words."""
        return self.dtype(sum(float(idf) for idf in idfs))

    def weight(self, idf: Any, constants: Constants, count: int = 1) -> Any:
        """What multiplies the tf part of a word that stands so often in the query."""
        del constants, count
        return idf

    def seen(self, lengths: Any) -> NDArray[np.int64]:
        """The lengths as the formula sees them."""
        return seen_lengths(lengths) if self.bytes else np.asarray(lengths, dtype=np.int64)

    def norm(self, lengths: Any, constants: Constants) -> Numbers:
        """What the formula makes of lengths."""
        relative = constants.b * self.seen(lengths) / self.average(constants)
        return np.asarray(constants.k1 * (1 - constants.b + relative), dtype=np.float64)

    def share(self, weight: Any, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        """The share of a word that each document has so often, 1 time or more."""
        del constants
        return np.asarray(weight * (tf / (tf + norm)))

    def absent(self, weight: Any, constants: Constants) -> Any:
        """The share of a word that a document lacks, while others have it."""
        del weight, constants
        return self.dtype(0)

    def tf_part(self, tf: Numbers, norm: Numbers, constants: Constants) -> Numbers:
        """The share for an idf of 1."""
        return self.share(self.weight(self.dtype(1), constants), tf, norm, constants)

    def total(self, shares: Numbers, present: NDArray[np.bool_], absent: Numbers) -> Numbers:
        """The scores of documents.

        Args:
            shares: (clauses, documents) shares, in the order of the query.
            present: Whether the document has the clause.
            absent: (clauses,) shares of documents that lack it.
        """
        total = np.zeros(shares.shape[1], dtype=self.dtype)
        for share, where, lacking in zip(shares, present, absent, strict=True):
            total = total + np.where(where, share, lacking)
        return total


def lucene_idf(df: int, documents: int) -> float:
    """ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative."""
    return math.log(1 + (documents - df + 0.5) / (df + 0.5))
