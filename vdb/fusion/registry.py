"""The fusions by name. A new one is a row in a file of `vdb/fusion/engines/`."""

from __future__ import annotations

from typing import Any, Final

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.fusion.engines import (
    azure,
    chroma,
    elasticsearch,
    haystack,
    lancedb,
    langchain,
    llama_index,
    milvus,
    mongodb,
    native,
    opensearch,
    pgvector,
    qdrant,
    ranx,
    redis,
    vespa,
    weaviate,
)
from vdb.fusion.fusion_row import Fusion
from vdb.model import synonyms
from vdb.model.arguments import shown, words

__all__ = ["FUSIONS", "fusion_named"]

_ENGINES = (
    azure,
    chroma,
    elasticsearch,
    haystack,
    lancedb,
    langchain,
    llama_index,
    milvus,
    mongodb,
    opensearch,
    pgvector,
    qdrant,
    ranx,
    redis,
    vespa,
    weaviate,
)

FUSIONS: Final[dict[str, Fusion]] = {
    row.name: row
    for row in (
        *native.FUSIONS,
        *sorted((row for each in _ENGINES for row in each.FUSIONS), key=lambda row: row.name),
    )
}


def fusion_named(name: Any, argument: str = "fusion") -> Fusion:
    """The fusion of that name; `argument` is what a message calls it.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is none; the message suggests those of the engine that was
            named, or one that is spelled alike.
    """
    if not isinstance(name, str):
        raise ArgumentTypeError(
            f"{argument} must be the name of a fusion, got {type(name).__name__}",
            expected=tuple(FUSIONS),
            received=type(name).__name__,
        )
    plain = str.__str__(name)
    if plain in FUSIONS:
        return FUSIONS[plain]
    hint = _hint(plain)
    raise InvalidArgumentError(
        f"{argument} must be one of {words(tuple(FUSIONS))}; got {shown(plain)}{hint}",
        expected=tuple(FUSIONS),
        received=plain,
    )


def _hint(name: str) -> str:
    close = synonyms.suggestion(name, FUSIONS)
    if close is not None:
        return f"; did you mean {close!r}?"
    engine = name.casefold().replace("_", "-").partition("-")[0]
    own = tuple(row for row in FUSIONS if row.partition("-")[0] == engine)
    return f"; of {engine} there are {words(own)}" if own else ""
