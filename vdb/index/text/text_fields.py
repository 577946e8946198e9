"""Text fields as the header of a collection declares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from vdb.errors import InvalidArgumentError, NotFoundError
from vdb.model.arguments import shown, text
from vdb.model.filters.field_types import TEXT
from vdb.model.filters.paths import names_of, path_of
from vdb.model.text_field import Text
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.limits import NO_SLOT

__all__ = ["TextField", "declared", "field_line", "queried"]


class TextField(NamedTuple):
    """A line of the header, ready for use.

    Attributes:
        number: Its number in keys.
        path: Its path, as in filters.
        names: The names that the path is made of.
        analyzer: The name of its analyzer.
        version: The version of that.
        stored: Whether payloads keep the text.
        positions: Whether the order of the words is kept.
        built: Whether it can be searched: its records have all been indexed.
    """

    number: int
    path: str
    names: tuple[str, ...]
    analyzer: str
    version: str
    stored: bool
    positions: bool
    built: bool


def field_line(number: int, path: str, text: Text, version: str, *, built: int) -> dict[str, Any]:
    """What stands in the header for a text field; `version` is that of its analyzer."""
    how = {
        "analyzer": text.analyzer_name,
        "version": version,
        "stored": text.stored,
        "positions": text.positions,
    }
    return {"number": number, "path": path, "type": TEXT, "built": built, "text": how}


def declared(header: CollectionHeader) -> list[TextField]:
    """The text fields of a collection, those that are being built included."""
    return [_field(line) for line in header.text_fields]


def _field(line: Mapping[str, Any]) -> TextField:
    built = line["built"] == NO_SLOT
    return TextField(
        line["number"], line["path"], names_of(line["path"]), **line["text"], built=built
    )


def queried(header: CollectionHeader, path: object) -> TextField:
    """The text field that a search names; None is the only one.

    Raises:
        NotFoundError: There is no such text field, or none at all.
        InvalidArgumentError: There are several and none is named, or it is being built.
        ArgumentTypeError: The path is no str.
    """
    fields = declared(header)
    paths = [field.path for field in fields]
    if path is not None:
        path = path_of(names_of(text("field", path)))
    if not fields or (path is not None and path not in paths):
        what = "no text field" if path is None else f"no text field {shown(path)}"
        listed = f"there are {', '.join(map(shown, paths))}" if paths else "there are none"
        raise NotFoundError(
            f"collection {header.name!r} has {what}; {listed}; "
            f"index_field({shown(path or 'text')}, vdb.Text()) declares one",
            expected=paths,
            received=path,
        )
    if path is None and len(fields) > 1:
        raise InvalidArgumentError(
            f"collection {header.name!r} has {len(fields)} text fields, "
            f"{', '.join(map(shown, paths))}; field= names one of them",
            expected=paths,
            received=None,
        )
    field = fields[0] if path is None else fields[paths.index(path)]
    if not field.built:
        raise InvalidArgumentError(
            f"the index of text field {shown(field.path)} of collection {header.name!r} is not "
            f"complete: index_field({field.path!r}, ...) goes on with it",
            expected="a complete index",
            received="an unfinished one",
        )
    return field
