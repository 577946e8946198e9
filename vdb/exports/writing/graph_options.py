"""Options for the parameters of a graph that is built in an export."""

from __future__ import annotations

from typing import Final

from vdb.exports.content import Content
from vdb.model.config import HNSW
from vdb.sources.source_format import Option

__all__ = ["EF_CONSTRUCTION", "M", "graph_parameters"]

M: Final = Option(
    "M",
    "links of a node of the graph; that of the collection if not said, 16 if it is Flat",
    kind="int",
)
EF_CONSTRUCTION: Final = Option(
    "ef_construction",
    "candidates while the graph is built; that of the collection if not said, 200 if it is Flat",
    kind="int",
)


def graph_parameters(
    content: Content, links: int | None = None, ef_construction: int | None = None
) -> HNSW:
    """The parameters of the graph: the options, else those of the collection, else vdb's defaults.

    Raises:
        InvalidArgumentError: An option is out of range.
    """
    own = content.index if isinstance(content.index, HNSW) else HNSW()
    return HNSW(
        M=own.M if links is None else links,
        ef_construction=own.ef_construction if ef_construction is None else ef_construction,
    )
