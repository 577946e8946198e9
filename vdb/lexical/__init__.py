"""Words: how texts become terms, and what a text score is in each engine.

    >>> from vdb import lexical
    >>> lexical.analyzer("simple").terms("The quick-brown Fox")
    ['the', 'quick', 'brown', 'fox']
    >>> lexical.parse_query('app* "brown fox"', lexical.analyzer("simple"))
    (Prefix(prefix='app'), Phrase(terms=('brown', 'fox')))
    >>> lexical.snippet("The quick brown fox", "fox", "simple", 12).marked()
    '…brown [fox]'

`analyzers`  from texts to terms
"""

from __future__ import annotations

from vdb.lexical.analyzers import Analyzer, Token, analyzer, analyzer_names
from vdb.lexical.query_text import Phrase, Prefix, Term, parse_query
from vdb.lexical.snippets import Snippet, snippet

__all__ = [
    "Analyzer",
    "Phrase",
    "Prefix",
    "Snippet",
    "Term",
    "Token",
    "analyzer",
    "analyzer_names",
    "parse_query",
    "snippet",
]


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
