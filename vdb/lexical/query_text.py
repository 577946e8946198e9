r"""From the text of a query to its clauses: terms, phrases, prefixes.

    red "quick fox" app* \"plain\"

Words are terms; words in quotes are a phrase; a star behind a word makes it the beginning of terms.
A backslash before a quote, a star or a backslash makes that character plain. A quote without its
partner is plain, and so is one within a word (6" pipe), and a star anywhere else. Nothing is an
error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from vdb.lexical.analyzers import Analyzer
from vdb.model import arguments

__all__ = ["Clause", "Phrase", "Prefix", "Term", "parse_query"]


@dataclass(frozen=True, slots=True)
class Term:
    """Texts that have this term.

    Attributes:
        term: The term.
    """

    term: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Texts that have these terms one after the other.

    Attributes:
        terms: The terms in order, two or more of them; None: any one word, or a stop word, stands
            there.
    """

    terms: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """Texts that have a term with this beginning.

    Attributes:
        prefix: The beginning, as terms are written.
    """

    prefix: str


Clause: TypeAlias = Term | Phrase | Prefix

# An escape, a quote, or a star with the white space (or the end) behind it.
_SIGNS: Final = re.compile(r'\\(["*\\\u201c\u201d\u201e])|(["\u201c\u201d\u201e])|(\*)(?=\s|$)')


def parse_query(text: str, analyzer: Analyzer, *, syntax: bool = True) -> tuple[Clause, ...]:
    """The clauses of a query, in the order of its text; repeated words are repeated.

    Args:
        text: The query: words, "phrases in quotes", beginnings of words with a star (app*). A
            backslash makes a quote, a star or a backslash plain; quotes without a partner are
            plain. Nothing is an error.
        analyzer: That of the field.
        syntax: False takes all characters as plain text.

    Returns:
        The clauses; none for a text without terms, such as one of stop words only.

    Raises:
        ArgumentTypeError: The text is not a str.

    Example:
        simple = vdb.lexical.analyzer("simple")
        vdb.lexical.parse_query('app* "quick fox"', simple)
        # (Prefix("app"), Phrase(("quick", "fox")))
    """
    text = arguments.text("text", text)
    if not syntax or _SIGNS.search(text) is None:
        return _terms(analyzer, text)
    clauses: list[Clause] = []
    characters, signs = _unescaped(text)
    start = 0
    opened: int | None = None
    last_close = _last_closing(characters, signs)
    for place in sorted(signs):
        if place < start:
            continue
        if signs[place] == "*":
            if opened is None:
                clauses += _with_prefix(analyzer, characters[start:place])
                start = place + 1
        elif opened is None:
            if _opens(characters, place) and last_close > place:
                clauses += _terms(analyzer, characters[start:place])
                opened, start = place, place + 1
        elif _closes(characters, place):
            clauses += _phrase(analyzer, characters[start:place])
            opened, start = None, place + 1
    return (*clauses, *_terms(analyzer, characters[start:]))


def _unescaped(text: str) -> tuple[str, dict[int, str]]:
    """The text without its escapes, and where signs stand in it."""
    parts: list[str] = []
    signs: dict[int, str] = {}
    length = end = 0
    for match in _SIGNS.finditer(text):
        parts.append(text[end : match.start()])
        length += len(parts[-1])
        if match[1] is None:
            signs[length] = "*" if match[3] else '"'
        parts.append(match[1] or match[0])
        length += 1
        end = match.end()
    return "".join((*parts, text[end:])), signs


def _last_closing(characters: str, signs: dict[int, str]) -> int:
    """Where the last quote stands that may close a phrase; -1 for none."""
    places = (at for at, sign in signs.items() if sign == '"' and _closes(characters, at))
    return max(places, default=-1)


def _opens(characters: str, place: int) -> bool:
    return place == 0 or not characters[place - 1].isalnum()


def _closes(characters: str, place: int) -> bool:
    return place + 1 == len(characters) or not characters[place + 1].isalnum()


def _terms(analyzer: Analyzer, text: str) -> tuple[Clause, ...]:
    return tuple(Term(term) for term in analyzer.terms(text) if term is not None)


def _phrase(analyzer: Analyzer, text: str) -> tuple[Clause, ...]:
    terms = analyzer.terms(text)
    while terms and terms[-1] is None:
        terms.pop()
    first = next((at for at, term in enumerate(terms) if term is not None), 0)
    del terms[:first]
    if len(terms) > 1:
        return (Phrase(tuple(terms)),)
    return tuple(Term(term) for term in terms if term is not None)


def _with_prefix(analyzer: Analyzer, text: str) -> tuple[Clause, ...]:
    split = analyzer.prefix(text)
    if split is None:
        return _terms(analyzer, text)
    before, beginning = split
    return (*(Term(term) for term in before if term is not None), Prefix(beginning))
