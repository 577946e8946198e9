"""The documents of a dump, as they stand at its end.

A line is an action of the bulk interface with the document in the next line, or a hit with its
``_source``, as a scroll or elasticdump writes it. A later line of the same id replaces the earlier
one, and a ``delete`` removes it. To know which lines count, ids are read first: eight bytes each,
and of those that come again their last line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from vdb.model.repeated_values import repeated_hashes
from vdb.sources.reading.record_lines import json_lines, line_error

__all__ = ["Document", "documents"]

_ACTIONS = ("index", "create", "update", "delete")


class Document(NamedTuple):
    """A document and the number of its line; without a source it was deleted."""

    line: int
    id: str | None
    source: Any
    is_partial: bool = False


def documents(path: Path, skipped: Counter[str]) -> Iterator[Document]:
    """The documents that are there at the end, in the order of their last lines.

    Counts in `skipped` those that are "deleted" and "superseded".

    Raises:
        SourceError: A line is no JSON, or nothing that a dump has.
    """
    last = _last_lines(path)
    for one in _operations(path):
        if one.id is not None and last.get(one.id, one.line) != one.line:
            skipped["superseded"] += 1
        elif one.source is None:
            skipped["deleted"] += 1
        else:
            yield one


def _last_lines(path: Path) -> dict[str, int]:
    """Of ids that come more than once, the number of the last line."""
    repeated = repeated_hashes(one.id for one in _operations(path) if one.id is not None)
    if not repeated:
        return {}
    return {
        one.id: one.line
        for one in _operations(path)
        if one.id is not None and hash(one.id) in repeated
    }


def _operations(path: Path) -> Iterator[Document]:
    """Every operation in order."""
    lines = json_lines(path)
    for number, value in lines:
        if not isinstance(value, dict):
            raise line_error(path, number, "is no object")
        action = next((name for name in _ACTIONS if isinstance(value.get(name), dict)), None)
        if action is None or "_source" in value:
            yield _hit(path, number, value)
            continue
        own_id = _id(path, number, value[action])
        if action == "delete":
            yield Document(number, own_id, None)
            continue
        below, source = next(lines, (number, None))
        if not isinstance(source, dict):
            raise line_error(path, below, f"is no document, which {action!r} needs behind it")
        if action == "update":
            yield Document(below, own_id, source.get("doc", {}), is_partial=True)
        else:
            yield Document(below, own_id, source)


def _hit(path: Path, number: int, value: dict[str, Any]) -> Document:
    source = value.get("_source")
    if not isinstance(source, dict):
        raise line_error(path, number, "is neither an action of a bulk nor a hit with its _source")
    return Document(number, _id(path, number, value), source)


def _id(path: Path, number: int, row: dict[str, Any]) -> str | None:
    own_id = row.get("_id")
    if own_id is None or isinstance(own_id, str):
        return own_id
    if isinstance(own_id, int) and not isinstance(own_id, bool):
        return str(own_id)
    raise line_error(path, number, f"has the _id {own_id!r:.60}, which is no text")
