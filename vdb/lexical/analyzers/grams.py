"""Analyzers for texts without spaces: pairs of characters of CJK, and n-grams of any text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from vdb.errors import InvalidArgumentError
from vdb.lexical.analyzers.characters import CJK, folded, word_class
from vdb.lexical.analyzers.text_analyzer import Analyzer, Piece
from vdb.lexical.analyzers.words import WordAnalyzer, words_of
from vdb.model import arguments

__all__ = ["CjkAnalyzer", "NgramAnalyzer", "cjk", "ngrams"]

_LONGEST_GRAM: Final = 10
_CJK: Final = re.compile(f"[{CJK}]")


class CjkAnalyzer(Analyzer):
    """Overlapping pairs of CJK characters, and words of other scripts in lower case.

    A lone character between others is a term by itself. Full-width letters and half-width kana
    count as the usual ones (NFKC).
    """

    __slots__ = ("_characters", "_pieces_of_run", "_runs", "_words")

    def __init__(self) -> None:
        super().__init__("cjk", "1")
        self._runs = re.compile(rf"\w[{word_class()}]*")
        self._pieces_of_run = re.compile(rf"[{CJK}\u3099\u309a]+|[^{CJK}\u3099\u309a]+")
        self._words = WordAnalyzer("cjk", "1", words_of(), _word)
        # A kana with its voicing mark is one character.
        self._characters = re.compile("[^\u3099\u309a\uff9e\uff9f][\u3099\u309a\uff9e\uff9f]?|.")

    def _terms(self, text: str) -> list[str | None]:
        if text.isascii():
            return self._words.terms(text)
        return [piece.term for piece in self._pieces(text)]

    def _pieces(self, text: str) -> Iterator[Piece]:
        for run in self._runs.finditer(text.replace("_", " ")):
            for part in self._pieces_of_run.finditer(run[0]):
                start = run.start() + part.start()
                if _CJK.match(part[0]):
                    yield from self._pairs(part[0], start)
                else:
                    for word in self._words.pieces_of(part[0]):
                        yield Piece(word.term, start + word.start, start + word.end)

    def _pairs(self, run: str, start: int) -> Iterator[Piece]:
        characters = [
            (unicodedata.normalize("NFKC", one[0]), start + one.start(), start + one.end())
            for one in self._characters.finditer(run)
        ]
        if len(characters) == 1:
            yield Piece(*characters[0])
        for (first, begin, _), (second, _, end) in pairwise(characters):
            yield Piece(first + second, begin, end)

    def _prefix(self, text: str) -> tuple[list[str | None], str] | None:
        pieces = list(self._pieces(text))
        if not pieces or pieces[-1].end != len(text) or not pieces[-1].term:
            return None
        return [piece.term for piece in pieces[:-1]], pieces[-1].term


class NgramAnalyzer(Analyzer):
    """The substrings of each word that are so many characters long, in lower case.

    A word that is shorter than the least size is a term by itself.
    """

    __slots__ = ("_high", "_low", "_runs")

    def __init__(self, low: int, high: int) -> None:
        super().__init__(f"ngrams-{low}-{high}", "1")
        self._low, self._high = low, high
        self._runs = re.compile(rf"\w[{word_class()}]*")

    def _terms(self, text: str) -> list[str | None]:
        return [piece.term for piece in self._pieces(text)]

    def _pieces(self, text: str) -> Iterator[Piece]:
        for run in self._runs.finditer(text.replace("_", " ")):
            word, start = _lower(run[0]), run.start()
            if len(word) < self._low:
                yield Piece(word, start, run.end())
            for begin in range(len(word) - self._low + 1):
                for end in range(begin + self._low, min(begin + self._high, len(word)) + 1):
                    yield Piece(word[begin:end], start + begin, start + end)


def cjk() -> CjkAnalyzer:
    """Pairs of CJK characters, and words."""
    return CjkAnalyzer()


def ngrams(low: int, high: int) -> NgramAnalyzer:
    """Substrings of words.

    Raises:
        ArgumentTypeError: A size is not an int.
        InvalidArgumentError: A size is not within 1 to 10, or low is above high.
    """
    low = arguments.whole("low", low, 1, _LONGEST_GRAM)
    high = arguments.whole("high", high, 1, _LONGEST_GRAM)
    if low > high:
        raise InvalidArgumentError(
            f"low must be at most high, got low={low}, high={high}", expected=high, received=low
        )
    return NgramAnalyzer(low, high)


def _word(word: str) -> str:
    return folded(unicodedata.normalize("NFKC", word))


def _lower(word: str) -> str:
    """Lower case, character by character where the whole would change its length."""
    lower = word.lower()
    if len(lower) == len(word):
        return lower
    return "".join(low if len(low := one.lower()) == 1 else one for one in word)
