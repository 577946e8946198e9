"""What vdb export adds to an index: the schema in ``_meta``, and whole payloads."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from vdb.errors import SourceError
from vdb.model.records import Id
from vdb.sources.databases.elasticsearch.mapping import IndexMapping
from vdb.sources.info import SourceInfo
from vdb.sources.reading.exported_schema import exported_schema, with_own_scores

__all__ = ["PAYLOAD", "ExportedIndex", "exported_index"]

PAYLOAD: Final = "payload"
"""The field of whole payloads."""


@dataclass(frozen=True, slots=True)
class ExportedIndex:
    """The schema of the collection that an index was exported from.

    Attributes:
        path: The file of the mapping.
        schema: The schema.
        int_ids: Whether ids are ints, which each ``_id`` has as text.
    """

    path: Path
    schema: dict[str, Any]
    int_ids: bool

    def described(self, info: SourceInfo) -> SourceInfo:
        """What the dump holds, completed by the schema.

        Raises:
            SourceError: The schema is of other vectors.
        """
        try:
            whole = with_own_scores(info, self.schema)
        except ValueError as error:
            raise _error(self.path, error) from None
        return replace(
            whole,
            ids="int" if self.int_ids else "str",
            columns={name: kind for name, kind in info.columns.items() if name != PAYLOAD},
        )

    def id_of(self, text: str) -> Id:
        """The id of a record; raises ValueError where it is none of the collection's."""
        if not self.int_ids:
            return text
        if not text.removeprefix("-").isdecimal():
            raise ValueError("has an _id that is no int, as those of the collection are")
        return int(text)


def exported_index(path: Path, mapping: IndexMapping) -> ExportedIndex | None:
    """What vdb export added to a mapping; None for other mappings.

    Raises:
        SourceError: The schema is of another version, or without a part.
    """
    try:
        schema = exported_schema(json.dumps(mapping.meta.get("vdb")))
    except ValueError as error:
        raise _error(path, error) from None
    return None if schema is None else ExportedIndex(path, schema, mapping.meta.get("ids") == "int")


def _error(path: Path, error: ValueError) -> SourceError:
    return SourceError(f"{path}: the schema in _meta: {error}", path=str(path), place="_meta")
