"""Declared fields of a collection, of values and of texts: declaring one more, and dropping one."""

from __future__ import annotations

from vdb.errors import NotFoundError
from vdb.index.fields import declaration
from vdb.index.fields.declaration import Writing
from vdb.index.text.analysis import Analyzers
from vdb.model.arguments import shown
from vdb.model.filters.paths import names_of, path_of
from vdb.model.text_field import Text
from vdb.store import Batch, WritableCollection

__all__ = ["declare", "drop"]


def declare(writing: Writing, path: str, kind: str | Text, analyzers: Analyzers) -> None:
    """Declares a field and indexes it, about 10,000 records a commit.

    Raises:
        InvalidArgumentError: It is declared in another way; or there are too many.
        InvalidPayloadError: A record holds what does not fit; the field is not declared then.
    """
    if not isinstance(kind, Text):
        declaration.declare(writing, path, kind)
        return
    from vdb.index.text import declaration as text_declaration

    text_declaration.declare(writing, path, kind, analyzers)


def drop(batch: Batch, coll: WritableCollection, path: str) -> None:
    """Forgets a field and removes its index; NotFoundError when it is not declared."""
    path = path_of(names_of(path))
    for line in coll.header.fields:
        if line["path"] == path:
            declaration.drop(batch, coll, line["number"])
            return
    for line in coll.header.text_fields:
        if line["path"] == path:
            from vdb.index.text import declaration as text_declaration

            text_declaration.drop(batch, coll, line["number"])
            return
    paths = [line["path"] for line in coll.header.all_fields]
    raise NotFoundError(
        f"collection {coll.header.name!r} has no declared field {shown(path)}; "
        + (f"there are {', '.join(paths)}" if paths else "there are none"),
        expected=paths,
        received=path,
    )
