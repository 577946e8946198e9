"""The list by words of a hybrid search."""

from __future__ import annotations

from vdb.index.text.analysis import Analyzers
from vdb.index.types import Reader, View
from vdb.model.records import Direction, Id
from vdb.query.hybrid.parts import Part
from vdb.query.text_conventions import text_convention
from vdb.query.text_search import TextRequest, text_search

__all__ = ["text_direction", "text_part"]


def text_part(
    reader: Reader,
    view: View,
    text: str,
    analyzers: Analyzers,
    *,
    field: str | None,
    scores: str,
    k: int,
    where: object,
) -> Part:
    """The k best records by words, best first.

    Raises:
        InvalidArgumentError: The collection has no text field of that name, or none at all.
    """
    request = TextRequest(k=k, field=field, scores=scores, where=where, with_payloads=False)
    hits = text_search(reader, view, text, request, analyzers)
    ids: list[Id] = hits.ids.tolist()
    return Part("text", hits.convention, ids, hits.scores, hits.direction)


def text_direction(scores: str) -> Direction:
    """Which scores are better in a convention of words."""
    return text_convention(scores).direction
