"""Analyzers that cut a text into words: "simple", "whitespace", "keyword", and languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from vdb.lexical.analyzers.characters import folded, word_class
from vdb.lexical.analyzers.text_analyzer import LONGEST_TERM, Analyzer, Piece

__all__ = ["KeywordAnalyzer", "WordAnalyzer", "Words", "simple_words", "whitespace", "words_of"]

_CACHED_WORDS: Final = 50_000
_UNSPACED: Final = re.compile(rf"\S{{1,{LONGEST_TERM}}}")
_CACHED_LENGTH: Final = 32  # characters; longer words are rare, and hardly come again


class Words(NamedTuple):
    """What a word is: the same in texts of ASCII alone, where it is told faster, and in others."""

    ascii: re.Pattern[str]
    other: re.Pattern[str]

    def strings(self, text: str) -> list[str]:
        """The words."""
        if text.isascii():
            return self.ascii.findall(text)
        return self.other.findall(text.replace("_", " "))

    def places(self, text: str) -> Iterator[re.Match[str]]:
        """The words, as matches that say where they stand."""
        if text.isascii():
            return self.ascii.finditer(text)
        return self.other.finditer(text.replace("_", " "))


class _Unspaced(Words):
    """Everything that is no white space."""

    def strings(self, text: str) -> list[str]:
        return self.other.findall(text)

    def places(self, text: str) -> Iterator[re.Match[str]]:
        return self.other.finditer(text)


class _Terms(dict[str, str | None]):
    """The term of each word, made once; None for a stop word."""

    def __init__(self, term_of: Callable[[str], str | None]) -> None:
        super().__init__()
        self._term_of = term_of

    def __missing__(self, word: str) -> str | None:
        term = self._term_of(word)
        term = term[:LONGEST_TERM] if term else None
        if len(word) <= _CACHED_LENGTH:
            if len(self) >= _CACHED_WORDS:
                self.clear()
            self[word] = term
        return term


class WordAnalyzer(Analyzer):
    """Words of a text, each of which becomes a term or is removed."""

    __slots__ = ("_plain", "_terms_of_words", "_words")

    def __init__(
        self,
        name: str,
        version: str,
        words: Words,
        term_of: Callable[[str], str | None],
        *,
        plain: Callable[[str], str] = folded,
    ) -> None:
        super().__init__(name, version)
        self._words = words
        self._terms_of_words = _Terms(term_of)
        self._plain = plain

    def _terms(self, text: str) -> list[str | None]:
        words = self._words.strings(text)
        return list(map(self._terms_of_words.__getitem__, words))

    def pieces_of(self, text: str) -> Iterator[Piece]:
        """The words with their terms and offsets; the text has no surrogates."""
        for match in self._words.places(text):
            yield Piece(self._terms_of_words[match[0]], *match.span())

    def _pieces(self, text: str) -> Iterator[Piece]:
        return self.pieces_of(text)

    def _prefix(self, text: str) -> tuple[list[str | None], str] | None:
        words = list(self._words.places(text))
        if not words or words[-1].end() != len(text):
            return None
        beginning = self._plain(words[-1][0])
        if not beginning:
            return None
        return [self._terms_of_words[word[0]] for word in words[:-1]], beginning[:LONGEST_TERM]


class KeywordAnalyzer(Analyzer):
    """The whole text as one term. One of more than 255 characters is left out."""

    __slots__ = ()

    def _terms(self, text: str) -> list[str | None]:
        return [self._term(text)] if text else []

    def _pieces(self, text: str) -> Iterator[Piece]:
        if text:
            yield Piece(self._term(text), 0, len(text))

    def _prefix(self, text: str) -> tuple[list[str | None], str] | None:
        return ([], text) if self._term(text) else None

    @staticmethod
    def _term(text: str) -> str | None:
        return text if 0 < len(text) <= LONGEST_TERM else None


def words_of(joined_by: str = "") -> Words:
    """Words of letters, marks and numbers; up to three of these characters may stand inside."""
    return Words(
        _pattern("[0-9A-Za-z]", "[0-9A-Za-z]", joined_by),
        _pattern(r"\w", f"[{word_class()}]", joined_by),
    )


def _pattern(first: str, more: str, joined_by: str) -> re.Pattern[str]:
    word = f"{first}{more}{{0,{LONGEST_TERM - 1}}}"
    return re.compile(f"{word}(?:[{joined_by}]{word}){{0,3}}" if joined_by else word)


def simple_words() -> WordAnalyzer:
    """Words in lower case."""
    return WordAnalyzer("simple", "1", words_of(), folded)


def whitespace() -> WordAnalyzer:
    """What stands between white space, unchanged."""
    return WordAnalyzer("whitespace", "1", _Unspaced(_UNSPACED, _UNSPACED), str, plain=str)
