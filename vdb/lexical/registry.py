"""The lexical conventions by name. A new one is a row in a file of `vdb/lexical/engines/`."""

from __future__ import annotations

from typing import Any, Final

from vdb.lexical.engines import (
    azure,
    bm25s,
    elasticsearch,
    fts5,
    lucene,
    mongodb,
    native,
    opensearch,
    rank_bm25,
    tantivy,
    vespa,
)
from vdb.lexical.lexical_convention import LexicalConvention
from vdb.model.named_rows import by_name, row_named

__all__ = ["CONVENTIONS", "convention_named"]

_ENGINES: Final = (
    azure,
    bm25s,
    elasticsearch,
    fts5,
    lucene,
    mongodb,
    opensearch,
    rank_bm25,
    tantivy,
    vespa,
)

CONVENTIONS: Final[dict[str, LexicalConvention]] = by_name(
    native.CONVENTIONS, (row for each in _ENGINES for row in each.CONVENTIONS)
)

_DEFAULTS: Final = {"bm25s": "bm25s-lucene", "rank-bm25": "rank-bm25-okapi"}
"""A library's name alone: its default."""


def convention_named(name: Any, parameter: str = "scores") -> LexicalConvention:
    """The lexical convention of that name; "bm25s" and "rank-bm25" are the defaults of theirs.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is none; the message suggests those of the engine that was
            named, or one that is spelled alike.
    """
    return row_named(
        CONVENTIONS, name, argument=parameter, what="a lexical convention", defaults=_DEFAULTS
    )
