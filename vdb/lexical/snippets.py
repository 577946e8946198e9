"""The part of a text that shows best why a query finds it."""

from __future__ import annotations

import html
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from vdb.errors import ArgumentTypeError
from vdb.lexical.analyzers import Analyzer, Token, analyzer_of
from vdb.lexical.query_text import Clause, Phrase, Prefix, Term, parse_query
from vdb.model import arguments

__all__ = ["Snippet", "snippet"]

_LONGEST: Final = 100_000  # characters of a snippet


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a text, and the words in it that a query finds.

    Attributes:
        text: The part, as it stands in the text.
        start: Where it begins in the text, in characters.
        end: Where it ends, exclusive.
        matches: Where the words found stand, as (start, end) in `text`, in order.
        before: Whether the text goes on before the part.
        after: Whether it goes on behind it.
    """

    text: str
    start: int
    end: int
    matches: tuple[tuple[int, int], ...]
    before: bool
    after: bool

    def marked(self, opening: str = "[", closing: str = "]", ellipsis: str = "\u2026") -> str:
        """The part with its words between marks, as plain text.

        Args:
            opening: What stands before each word.
            closing: What stands behind it.
            ellipsis: What stands where the text goes on.

        Returns:
            The text. Nothing is escaped: see `html` for a page.

        Example:
            vdb.lexical.snippet("A fox.", "fox", "simple").marked()  # "A [fox]."
        """
        return self._joined((opening, closing, ellipsis), lambda part: part)

    def html(self, opening: str = "<mark>", closing: str = "</mark>") -> str:
        """The part as HTML: its text is escaped, its words stand between tags.

        Args:
            opening: The tag before each word; it is put in as it is.
            closing: The tag behind it.

        Returns:
            HTML that can stand inside an element.

        Example:
            vdb.lexical.snippet("a < fox", "fox", "simple").html()  # "a &lt; <mark>fox</mark>"
        """
        return self._joined((opening, closing, "\u2026"), html.escape)

    def _joined(self, marks: tuple[str, str, str], plain: Callable[[str], str]) -> str:
        opening, closing, ellipsis = marks
        parts = [ellipsis] if self.before else []
        at = 0
        for start, end in self.matches:
            parts += [plain(self.text[at:start]), opening, plain(self.text[start:end]), closing]
            at = end
        parts.append(plain(self.text[at:]))
        return "".join([*parts, ellipsis] if self.after else parts)

    def __str__(self) -> str:
        return self.marked()


def snippet(
    text: str,
    query: str | Sequence[Clause],
    analyzer: str | Analyzer,
    length: int = 200,
    *,
    syntax: bool = True,
) -> Snippet:
    """The part of a text with most clauses of a query, then most of their words, then the first.

    Args:
        text: The text.
        query: The query's text, or its clauses.
        analyzer: That of the field.
        length: Characters of the part at most, 1 to 100,000; it begins and ends with whole words
            where that leaves any.
        syntax: Whether quotes and stars of the query mean something; see `parse_query`.

    Returns:
        The part. Where the query finds nothing, the beginning of the text without marks.

    Raises:
        ArgumentTypeError: An argument of another type.
        InvalidArgumentError: A length outside its range, or an analyzer without offsets.

    Example:
        print(vdb.lexical.snippet("The quick brown fox", "fox", "english", 12))  # …brown [fox]
    """
    text = arguments.text("text", text)
    length = arguments.whole("length", length, 1, _LONGEST)
    reading = analyzer_of(analyzer)
    clauses = parse_query(query, reading, syntax=syntax) if isinstance(query, str) else query
    matches = _matches(reading.tokens(text), clauses)
    start, end = _window(matches, length)
    start, end = _widened(text, start, end, length)
    inside = sorted({(one.start, one.end) for one in matches if start <= one.start < end})
    return Snippet(
        text[start:end],
        start,
        end,
        tuple(
            (first - start, min(last, end) - start)
            for first, last in _apart(inside)
            if last > first
        ),
        before=bool(text[:start].strip()),
        after=bool(text[end:].strip()),
    )


class _Match(NamedTuple):
    """A word of the text that belongs to a clause."""

    start: int
    end: int
    clause: int


def _matches(tokens: list[Token], clauses: Sequence[Clause]) -> list[_Match]:
    """The words that the clauses find, in the order of the text."""
    terms: dict[str, int] = {}
    prefixes: dict[str, int] = {}
    matches: list[_Match] = []
    for number, clause in enumerate(clauses):
        if isinstance(clause, Term):
            terms.setdefault(clause.term, number)
        elif isinstance(clause, Prefix):
            prefixes.setdefault(clause.prefix, number)
        elif isinstance(clause, Phrase):
            matches += _phrase_matches(tokens, clause, number)
        else:
            raise ArgumentTypeError(
                f"query must be a str or clauses, got {type(clause).__name__} as clause {number}",
                expected="Term, Phrase or Prefix",
                received=type(clause).__name__,
            )
    beginnings = tuple(prefixes)
    for token in tokens:
        clause_number = terms.get(token.term)
        if clause_number is None and beginnings and token.term.startswith(beginnings):
            clause_number = next(
                number for prefix, number in prefixes.items() if token.term.startswith(prefix)
            )
        if clause_number is not None:
            matches.append(_Match(token.start, token.end, clause_number))
    return sorted(matches)


def _phrase_matches(tokens: list[Token], phrase: Phrase, number: int) -> list[_Match]:
    at = {token.position: token for token in tokens}
    wanted = [(place, term) for place, term in enumerate(phrase.terms) if term is not None]
    matches = []
    for token in tokens:
        if wanted and token.term == wanted[0][1]:
            first = token.position - wanted[0][0]
            words = [at.get(first + place) for place, _ in wanted]
            if all(
                word is not None and word.term == term
                for word, (_, term) in zip(words, wanted, strict=True)
            ):
                matches += [_Match(word.start, word.end, number) for word in words if word]
    return matches


def _window(matches: list[_Match], length: int) -> tuple[int, int]:
    """From the first to the last word of the best window; (0, 0) where nothing was found."""
    best, best_worth = (0, 0), (0, 0)
    inside: deque[_Match] = deque()
    counts: dict[int, int] = {}
    for match in matches:
        inside.append(match)
        counts[match.clause] = counts.get(match.clause, 0) + 1
        while len(inside) > 1 and match.end - inside[0].start > length:
            gone = inside.popleft()
            counts[gone.clause] -= 1
            if not counts[gone.clause]:
                del counts[gone.clause]
        worth = (len(counts), len(inside))
        if worth > best_worth:
            best, best_worth = (inside[0].start, match.end), worth
    return best


def _widened(text: str, start: int, end: int, length: int) -> tuple[int, int]:
    """The window with as much on both sides as there is room for, cut between words."""
    if len(text) <= length:
        return 0, len(text)
    end = min(end, start + length)
    room = length - (end - start)
    low = max(0, start - room // 2)
    high = min(len(text), low + length)
    low = max(0, high - length)
    if low > 0 and not text[low - 1].isspace():
        while low < start and not text[low].isspace():
            low += 1
    if high < len(text) and not text[high].isspace():
        cut = high
        while cut > end and not text[cut - 1].isspace():
            cut -= 1
        high = cut if cut > low else high
    while low < start and text[low].isspace():
        low += 1
    while high > max(end, low) and text[high - 1].isspace():
        high -= 1
    return low, high


def _apart(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places that overlap or touch, as n-grams do, made one."""
    joined: list[tuple[int, int]] = []
    for start, end in places:
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
