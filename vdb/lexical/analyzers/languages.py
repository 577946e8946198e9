"""Analyzers of languages: words in lower case, without stop words, stemmed by Snowball's rules."""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from vdb.lexical.analyzers.characters import folded
from vdb.lexical.analyzers.stop_words import STOP_WORDS
from vdb.lexical.analyzers.words import WordAnalyzer, words_of

__all__ = ["LANGUAGES", "language"]

LANGUAGES: Final = (
    *("arabic", "armenian", "basque", "catalan", "czech", "danish"),
    *("dutch", "dutch_porter", "english", "esperanto", "estonian", "finnish"),
    *("french", "german", "greek", "hindi", "hungarian", "indonesian"),
    *("irish", "italian", "lithuanian", "nepali", "norwegian", "persian"),
    *("polish", "porter", "portuguese", "romanian", "russian", "serbian"),
    *("sesotho", "spanish", "swedish", "tamil", "turkish", "yiddish"),
)
"""The stemmers of Snowball 3.1, by its names."""

_APOSTROPHES: Final = "'\u2019"  # inside a word of English: the stemmer takes 's away
_LIBRARIES: Final = (("Stemmer", "PyStemmer"), ("snowballstemmer", "snowballstemmer"))


def language(name: str) -> WordAnalyzer:
    """The analyzer of a language.

    Raises:
        ModuleNotFoundError: Neither PyStemmer nor snowballstemmer is installed, or the one that is
            there is too old for this language.
    """
    stem, release = _stemmer(name)
    stop_words = STOP_WORDS.get(name, frozenset())

    def term_of(word: str) -> str | None:
        plain = _plain(word)
        return None if plain in stop_words else stem(plain)

    joined_by = _APOSTROPHES if name in ("english", "porter") else ""
    pattern = words_of(joined_by)
    return WordAnalyzer(name, f"1+snowball-{release}", pattern, term_of, plain=_plain)


def _plain(word: str) -> str:
    return folded(word).replace("\u2019", "'")


@cache
def _library() -> tuple[Any, str]:
    """The stemming library and its release: rules of Snowball change with major and minor."""
    for module, distribution in _LIBRARIES:
        try:
            library = importlib.import_module(module)
            version = importlib.metadata.version(distribution)
        except ImportError:
            continue
        return library, ".".join(version.split(".")[:2])
    raise _missing("PyStemmer")


def _stemmer(name: str) -> tuple[Callable[[str], str], str]:
    library, release = _library()
    module = library.__name__
    if name not in library.algorithms():
        raise _missing(f"a {module} with the language {name!r}")
    # PyStemmer's is made without a cache: an analyzer has one of whole terms.
    stemmer = library.Stemmer(name, 0) if module == "Stemmer" else library.stemmer(name)
    lock = threading.Lock()  # a stemmer holds the word that it works on

    def stem(word: str) -> str:
        with lock:
            return str(stemmer.stemWord(word))

    return stem, release


def _missing(library: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(
        f"analyzers of languages need {library}, which is not installed: pip install 'vdb[text]'",
        name="Stemmer",
    )
