"""An analyzer that is the user's own function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.lexical.analyzers.characters import without_surrogates
from vdb.lexical.analyzers.text_analyzer import LONGEST_TERM, Analyzer, Piece

__all__ = ["CustomAnalyzer"]


class CustomAnalyzer(Analyzer):
    """A function from a text to its terms.

    It returns an iterable of terms; None leaves a gap. Instead of a term there may be a tuple
    (term, start, end) with its place in the text, which snippets need. Of a term of more than 255
    characters the first 255 count.
    """

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[str], Iterable[Any]], name: str, version: str) -> None:
        super().__init__(name, version)
        self._function = function

    def _terms(self, text: str) -> list[str | None]:
        return [self._term(entry, at) for at, entry in enumerate(self._entries(text))]

    def _pieces(self, text: str) -> Iterator[Piece]:
        for at, entry in enumerate(self._entries(text)):
            term = self._term(entry, at)
            if term is None and not isinstance(entry, tuple):
                yield Piece(None, 0, 0)
                continue
            if not isinstance(entry, tuple):
                raise InvalidArgumentError(
                    f"analyzer {self.name!r} must say where its terms are, as tuples (term, start, "
                    "end), for a snippet",
                    expected="(term, start, end)",
                    received=term,
                )
            _, start, end = entry
            if not all(type(place) is int for place in (start, end)) or not (
                0 <= start <= end <= len(text)
            ):
                raise InvalidArgumentError(
                    f"analyzer {self.name!r} must give places within the text of {len(text)} "
                    f"characters, got {start!r} to {end!r} for term {at}",
                    expected=(0, len(text)),
                    received=(start, end),
                )
            yield Piece(term, start, end)

    def _entries(self, text: str) -> Iterable[Any]:
        entries = self._function(text)
        if isinstance(entries, (str, bytes)) or not isinstance(entries, Iterable):
            raise ArgumentTypeError(
                f"analyzer {self.name!r} must return a list of terms, got {type(entries).__name__}",
                expected="list",
                received=type(entries).__name__,
            )
        return entries

    def _term(self, entry: Any, at: int) -> str | None:
        term = entry[0] if isinstance(entry, tuple) and len(entry) == 3 else entry
        if term is None:
            return None
        if not isinstance(term, str):
            raise ArgumentTypeError(
                f"analyzer {self.name!r} must return strs, or tuples (term, start, end), got "
                f"{type(term).__name__} as term {at}",
                expected="str",
                received=type(term).__name__,
            )
        if not term:
            raise InvalidArgumentError(
                f"analyzer {self.name!r} must return terms that are not empty, got '' as term {at}",
                expected="a str of 1 character or more",
                received=term,
            )
        return without_surrogates(str.__str__(term))[:LONGEST_TERM]
