"""The fusions by name. A new one is a row in a file of `vdb/fusion/engines/`."""

from __future__ import annotations

import copyreg
from typing import Any, Final

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
from vdb.model.named_rows import by_name, row_named

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

FUSIONS: Final[dict[str, Fusion]] = by_name(
    native.FUSIONS, (row for each in _ENGINES for row in each.FUSIONS)
)


def fusion_named(name: Any, argument: str = "fusion") -> Fusion:
    """The fusion of that name; `argument` is what a message calls it.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is none; the message suggests those of the engine that was
            named, or one that is spelled alike.
    """
    return row_named(FUSIONS, name, argument=argument, what="a fusion")


def _pickled(row: Fusion) -> tuple[object, tuple[str]]:
    """A fusion holds functions: it is pickled by its name, and looked up again."""
    return fusion_named, (row.name,)


copyreg.pickle(Fusion, _pickled)  # type: ignore[arg-type]
