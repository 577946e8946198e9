"""Analyzers by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.lexical.analyzers.custom import CustomAnalyzer
from vdb.lexical.analyzers.grams import cjk, ngrams
from vdb.lexical.analyzers.languages import LANGUAGES, language
from vdb.lexical.analyzers.text_analyzer import Analyzer
from vdb.lexical.analyzers.words import KeywordAnalyzer, simple_words, whitespace
from vdb.model import arguments, synonyms

__all__ = ["analyzer", "analyzer_names", "analyzer_of"]

_MAKERS: Final[dict[str, Callable[[], Analyzer]]] = {
    "simple": simple_words,
    "whitespace": whitespace,
    "keyword": lambda: KeywordAnalyzer("keyword", "1"),
    "cjk": cjk,
}
_NGRAMS: Final = re.compile(r"ngrams-([0-9]{1,2})(?:-([0-9]{1,2}))?")
_LONGEST_NAME: Final = 64  # characters of a name or version


def analyzer_names() -> list[str]:
    """The names that `analyzer` takes, but for "ngrams-LOW-HIGH".

    Example:
        "english" in vdb.lexical.analyzer_names()  # True
    """
    return [*_MAKERS, *LANGUAGES]


def analyzer(
    analyzer: str | Callable[[str], Iterable[Any]] | Analyzer,
    *,
    name: str | None = None,
    version: str | None = None,
) -> Analyzer:
    """An analyzer by its name, or one made of a function.

    Args:
        analyzer: A name: "simple" (words of letters, marks and numbers, in lower case),
            "whitespace", "keyword" (the whole text), a language such as "english" (stemmed; needs
            ``vdb[text]``), "cjk" (pairs of characters), "ngrams-2-3" (substrings of words, of 2 to
            3 characters). Or a function: it takes a text and returns its terms, None for a gap, or
            tuples (term, start, end). An `Analyzer` is returned as it is.
        name: The function's name, required with one: 1 to 64 characters, no name of the above.
        version: Its version, required with one: change it when the same text gives other terms.

    Returns:
        The analyzer.

    Raises:
        ArgumentTypeError: Neither a str nor a function; or a name or version of another type.
        InvalidArgumentError: An unknown name, sizes outside 1 to 10, or a function without a name
            and version.
        ModuleNotFoundError: A language without its library.

    Example:
        halves = vdb.lexical.analyzer(lambda text: text.split("/"), name="paths", version="1")
    """
    if callable(analyzer) and not isinstance(analyzer, type):
        own = _label("name", name), _label("version", version)
        if own[0] in _MAKERS or own[0] in LANGUAGES or _NGRAMS.fullmatch(own[0]):
            raise InvalidArgumentError(
                f"name must not be that of an analyzer that there is, got {own[0]!r}",
                expected="another name",
                received=own[0],
            )
        return CustomAnalyzer(analyzer, *own)
    for word, value in (("name", name), ("version", version)):
        if value is not None:
            raise InvalidArgumentError(
                f"{word} goes with a function only, got {value!r}", expected=None, received=value
            )
    if isinstance(analyzer, Analyzer):
        return analyzer
    if not isinstance(analyzer, str):
        raise ArgumentTypeError(
            "analyzer must be the name of one, or a function with name= and version=, got "
            f"{type(analyzer).__name__}",
            expected="str or function",
            received=type(analyzer).__name__,
        )
    return _named(str.__str__(analyzer))


def analyzer_of(value: object) -> Analyzer:
    """An argument that names an analyzer, or is one."""
    return analyzer(value)  # type: ignore[arg-type]  # whatever it is; the other types are refused


@cache
def _named(name: str) -> Analyzer:
    if name in _MAKERS:
        return _MAKERS[name]()
    if name in LANGUAGES:
        return language(name)
    sizes = _NGRAMS.fullmatch(name)
    if sizes is not None:
        low = int(sizes[1])
        return ngrams(low, int(sizes[2] or low))
    close = synonyms.suggestion(name, analyzer_names())
    hint = f"; did you mean {close!r}?" if close else ""
    known = arguments.words((*analyzer_names(), "ngrams-LOW-HIGH"))
    raise InvalidArgumentError(
        f"analyzer must be one of {known}; got {arguments.shown(name)}{hint}",
        expected=(*analyzer_names(), "ngrams-LOW-HIGH"),
        received=name,
    )


def _label(what: str, value: object) -> str:
    if value is None:
        raise InvalidArgumentError(
            f"{what}= is required where the analyzer is a function: it is stored with the field",
            expected="a str",
            received=None,
        )
    label = arguments.text(what, value)
    if not 0 < len(label) <= _LONGEST_NAME or not label.isprintable():
        raise InvalidArgumentError(
            f"{what} must be 1 to {_LONGEST_NAME} printable characters, got "
            f"{arguments.shown(label)}",
            expected=(1, _LONGEST_NAME),
            received=label,
        )
    return label
