"""The lexical conventions by name. A new one is a row in a file of `vdb/lexical/engines/`."""

from __future__ import annotations

from typing import Any, Final

from vdb.errors import ArgumentTypeError, InvalidArgumentError
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
from vdb.model import synonyms
from vdb.model.arguments import shown, words

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

CONVENTIONS: Final[dict[str, LexicalConvention]] = {
    row.name: row
    for row in (
        *native.CONVENTIONS,
        *sorted((row for each in _ENGINES for row in each.CONVENTIONS), key=lambda row: row.name),
    )
}

_DEFAULTS: Final = {"bm25s": "bm25s-lucene", "rank-bm25": "rank-bm25-okapi"}
"""A library's name alone: its default."""


def convention_named(name: Any, parameter: str = "scores") -> LexicalConvention:
    """The lexical convention of that name; "bm25s" and "rank-bm25" are the defaults of theirs.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is none; the message suggests those of the engine that was
            named, or one that is spelled alike.
    """
    if not isinstance(name, str):
        raise ArgumentTypeError(
            f"{parameter} must be the name of a lexical convention, got {type(name).__name__}",
            expected=tuple(CONVENTIONS),
            received=type(name).__name__,
        )
    plain = str.__str__(name)
    if plain in CONVENTIONS or plain in _DEFAULTS:
        return CONVENTIONS[_DEFAULTS.get(plain, plain)]
    raise InvalidArgumentError(
        f"{parameter} must be one of {words(tuple(CONVENTIONS))}; got {shown(plain)}{_hint(plain)}",
        expected=tuple(CONVENTIONS),
        received=plain,
    )


def _hint(name: str) -> str:
    close = synonyms.suggestion(name, CONVENTIONS)
    if close is not None:
        return f"; did you mean {close!r}?"
    engine = name.casefold().replace("_", "-").partition("-")[0]
    own = tuple(row for row in CONVENTIONS if row.partition("-")[0] == engine)
    return f"; of {engine} there are {words(own)}" if own else ""
