"""What vdb export adds to a table: the schema as the comment on it, and whole payloads."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from vdb.errors import SourceError
from vdb.sources.databases.pgvector.records import RowLayout
from vdb.sources.info import SourceInfo
from vdb.sources.reading.exported_schema import exported_schema, with_own_scores

__all__ = ["completed"]

_PAYLOAD: Final = "payload"
_PLACE: Final = "the comment on the table"


def completed(
    layout: RowLayout, info: SourceInfo, comment: str | None
) -> tuple[RowLayout, SourceInfo]:
    """The layout and what the table holds, completed by the schema; other tables as they are.

    Raises:
        SourceError: The schema is of other vectors, of another version, or without a part.
    """
    columns = {column.name: place for place, column in enumerate(layout.columns)}
    whole = columns.get(_PAYLOAD)
    if whole is None or layout.columns[whole].type not in ("json", "jsonb"):
        return layout, info
    try:
        schema = exported_schema(comment)
        if schema is None:
            return layout, info
        described = with_own_scores(info, schema)
    except ValueError as error:
        text = f"{info.path}: {_PLACE}: {error}"
        raise SourceError(text, path=info.path, place=_PLACE) from None
    own = replace(
        layout,
        whole=whole,
        dtype=described.dtype,
        optional=layout.optional or described.optional_vectors,
    )
    others = {name: kind for name, kind in info.columns.items() if name != _PAYLOAD}
    return own, replace(described, columns=others)
