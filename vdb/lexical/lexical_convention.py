"""A lexical convention: what a score of words is in one engine, in words and as arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from vdb.lexical.arithmetic import Arithmetic
from vdb.model.records import Direction

__all__ = ["Evidence", "LexicalConvention"]

Evidence: TypeAlias = Literal["measured", "transcribed", "published", "documented", "own"]
"""How the behaviour was found: "measured" in the engine or library itself; "transcribed" from its
source; from numbers that its users "published"; read in its manual; or vdb's "own"."""


@dataclass(frozen=True, slots=True)
class LexicalConvention:
    """How one engine scores words.

    `tf` is how often a document has a word, `dl` its length in words, `N` the number of documents,
    `n` how many of them have the word, `avgdl` their average length.

    Attributes:
        name: The convention's name.
        engine: The engine and the version whose behaviour this is.
        source: Where that behaviour is written down.
        evidence: How it was found.
        idf: The weight of a word.
        tf_part: What a document's tf and dl make of it.
        k1: How slowly tf saturates, by default.
        b: How much the length matters, by default.
        delta: What BM25L and BM25+ add, by default; None where the formula has none.
        settable: Which of them a caller may set, as the engine's users may.
        lengths: How the formula sees dl.
        statistics: What N is, and when.
        counts: Which documents N and avgdl count: all "texts", the empty one included, or those
            "with terms".
        precision: What it is computed in.
        order: In which order shares are added up, and in which type.
        dtype: The type of the score.
        direction: Which scores are better.
        repeated: What a word that stands twice in the query counts.
        absent: What a document without a word has for it.
        phrases: What a phrase counts.
        prefixes: What the beginning of a word counts.
        threshold: How a threshold compares: always a score of this convention, hits at it are in.
        family: The formula's name in the kernel.
        note: What else is to be known.

    Example:
        vdb.lexical.describe("fts5").direction  # "lower"
    """

    name: str
    engine: str
    source: str
    evidence: Evidence
    idf: str
    tf_part: str
    statistics: str
    counts: Literal["texts", "with terms"]
    precision: str
    order: str
    repeated: str
    arithmetic: Arithmetic = field(repr=False)
    k1: float = 1.2
    b: float = 0.75
    delta: float | None = None
    settable: tuple[str, ...] = ("k1", "b")
    direction: Direction = "higher"
    absent: str = "0"
    threshold: str = "score, at least"
    note: str = ""

    @property
    def family(self) -> str:
        """The formula's name in the kernel."""
        return self.arithmetic.family

    @property
    def dtype(self) -> str:
        """The type of the score: "float32" or "float64"."""
        return str(self.arithmetic.dtype.__name__)

    @property
    def lengths(self) -> str:
        """How the formula sees dl."""
        if self.arithmetic.bytes:
            return "one byte: 0 to 40 exact, then 4 significant bits, rounded down"
        return "exact"

    @property
    def phrases(self) -> str:
        """What a phrase counts."""
        if self.arithmetic.phrase == "count":
            return "one word, with the n of documents that have the phrase"
        return "one word, with the sum of the idf of its words"

    @property
    def prefixes(self) -> str:
        """What the beginning of a word counts."""
        if self.arithmetic.prefix == "constant":
            return "1 for each document that has such a word"
        return "one word that occurs wherever one of those does"
