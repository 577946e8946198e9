"""Results of the library as values of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vdb.maintenance.info import CollectionInfo, DatabaseInfo
from vdb.model.config import HNSW, Flat
from vdb.model.results import plain

__all__ = ["named", "plain", "stored_facts"]


def named(value: Any) -> dict[str, Any]:
    """The items of a mapping, or the fields of a dataclass; an index begins with its type."""
    if isinstance(value, Mapping):
        return {str(name): item for name, item in value.items()}
    kind = {"type": value.type} if isinstance(value, HNSW | Flat) else {}
    return kind | {field.name: getattr(value, field.name) for field in fields(value)}


_HANDLE_FACTS = ("durability", "read_only", "resident_bytes")
"""Facts about the command's own handle, not about the database."""


def stored_facts(info: DatabaseInfo | CollectionInfo) -> dict[str, Any]:
    """What is stored of a database or a collection, by name."""
    return {key: fact for key, fact in named(info).items() if key not in _HANDLE_FACTS}
