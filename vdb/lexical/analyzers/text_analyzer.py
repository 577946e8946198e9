"""An analyzer: from a text to the terms that are indexed and searched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final, NamedTuple

from vdb.lexical.analyzers.characters import without_surrogates
from vdb.model import arguments

__all__ = ["LONGEST_TERM", "Analyzer", "Piece", "Token"]

LONGEST_TERM: Final = 255
"""Characters of a term at most, as in Lucene's standard tokenizer."""


class Token(NamedTuple):
    """A term at its place in a text.

    Attributes:
        term: The term, as it is indexed.
        position: The place among the words of the text, from 0; a removed stop word leaves a gap.
        start: Where its word begins in the text, in characters.
        end: Where its word ends, exclusive.
    """

    term: str
    position: int
    start: int
    end: int


class Piece(NamedTuple):
    """A word of a text: its term, or None for a stop word, and where it stands."""

    term: str | None
    start: int
    end: int


class Analyzer(ABC):
    """How a text becomes terms.

    The same analyzer reads the texts that are indexed and the queries. Two analyzers are equal
    when name and version are: then they give the same terms.

    Attributes:
        name: The analyzer's name.
        version: Changes when the same text may give other terms: the version of the rules, and
            where stems are made that of the stemming library.

    Example:
        [token.term for token in vdb.lexical.analyzer("simple").tokens("The quick fox")]
    """

    __slots__ = ("name", "version")

    def __init__(self, name: str, version: str) -> None:
        self.name: Final = name
        self.version: Final = version

    def terms(self, text: str) -> list[str | None]:
        """The terms in the order of the text; None stands where a stop word was removed.

        Args:
            text: Any str, also an empty one. Lone surrogates count as U+FFFD.

        Returns:
            The terms, each a str of 1 to 255 characters. Their count without the Nones is the
            length of the text (dl).

        Raises:
            ArgumentTypeError: The text is not a str.

        Example:
            vdb.lexical.analyzer("english").terms("The foxes")  # [None, "fox"]
        """
        return self._terms(without_surrogates(arguments.text("text", text)))

    def tokens(self, text: str) -> list[Token]:
        """The terms with their positions, and where their words stand in the text.

        Args:
            text: Any str.

        Returns:
            The tokens, in the order of the text.

        Raises:
            ArgumentTypeError: The text is not a str.
            InvalidArgumentError: The analyzer is a function that says no offsets.

        Example:
            vdb.lexical.analyzer("simple").tokens("A fox")[1]  # Token("fox", 1, 2, 5)
        """
        pieces = self._pieces(without_surrogates(arguments.text("text", text)))
        return [
            Token(piece.term, position, piece.start, piece.end)
            for position, piece in enumerate(pieces)
            if piece.term is not None
        ]

    def prefix(self, text: str) -> tuple[list[str | None], str] | None:
        """A text whose last word is only the beginning of one.

        Args:
            text: Any str.

        Returns:
            The terms of the words before, and the beginning of a term: lower-cased where terms
            are, neither stemmed nor removed. None where the text does not end in a word, or the
            analyzer cannot tell how a term begins.

        Raises:
            ArgumentTypeError: The text is not a str.

        Example:
            vdb.lexical.analyzer("simple").prefix("red App")  # (["red"], "app")
        """
        return self._prefix(without_surrogates(arguments.text("text", text)))

    @abstractmethod
    def _terms(self, text: str) -> list[str | None]:
        """See `terms`; the text has no surrogates."""

    @abstractmethod
    def _pieces(self, text: str) -> Iterator[Piece]:
        """The words with their terms and offsets, as many as `_terms` has entries."""

    def _prefix(self, text: str) -> tuple[list[str | None], str] | None:
        """See `prefix`; nothing here knows how terms begin."""
        del text
        return None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Analyzer):
            return NotImplemented
        return (self.name, self.version) == (other.name, other.version)

    def __hash__(self) -> int:
        return hash((self.name, self.version))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, version={self.version!r})"
