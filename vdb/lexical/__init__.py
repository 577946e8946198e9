"""Words: how texts become terms, and what a text score is in each engine.

    >>> from vdb import lexical
    >>> lexical.analyzer("simple").terms("The quick-brown Fox")
    ['the', 'quick', 'brown', 'fox']
    >>> lexical.parse_query('app* "brown fox"', lexical.analyzer("simple"))
    (Prefix(prefix='app'), Phrase(terms=('brown', 'fox')))
    >>> lexical.snippet("The quick brown fox", "fox", "simple", 12).marked()
    '…brown [fox]'

    >>> documents = [["quick", "fox"], ["lazy", "dog"], ["fox"]]
    >>> [float(one) for one in lexical.score(["fox"], documents, "lucene").round(4)]
    [0.1879, 0.0, 0.2506]
    >>> lexical.describe("fts5").direction
    'lower'

A `LexicalConvention` is a row: which idf, lengths, constants, precisions and statistics an engine
has. `docs/reference/lexical.md` has the whole table.

`analyzers`  from texts to terms
`engines`    the rows and their arithmetic, a file an engine
"""

from __future__ import annotations

from vdb.lexical.analyzers import Analyzer, Token, analyzer, analyzer_names
from vdb.lexical.call import conventions, describe, explain, score
from vdb.lexical.explanation import ClauseShare, TextExplanation
from vdb.lexical.lexical_convention import LexicalConvention
from vdb.lexical.query_text import Phrase, Prefix, Term, parse_query
from vdb.lexical.snippets import Snippet, snippet

__all__ = [
    "Analyzer",
    "ClauseShare",
    "LexicalConvention",
    "Phrase",
    "Prefix",
    "Snippet",
    "Term",
    "TextExplanation",
    "Token",
    "analyzer",
    "analyzer_names",
    "conventions",
    "describe",
    "explain",
    "parse_query",
    "score",
    "snippet",
]


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
