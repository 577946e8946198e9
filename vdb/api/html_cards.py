"""A collection and a database as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from vdb.errors import VdbError
from vdb.model import config
from vdb.model.presentation import html
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

if TYPE_CHECKING:
    from vdb.store.format.headers import CollectionHeader

__all__ = ["collection_card", "database_table"]

_SHOWN = 50  # collections

Reading = Callable[[], AbstractContextManager[Snapshot | Batch]]


def collection_card(
    title: str,
    reading: Reading,
    view_of: Callable[[Snapshot | Batch], CollectionView | WritableCollection],
) -> str:
    """Name and schema of a collection; the title alone where it cannot be read."""
    try:
        with reading() as reader:
            view = view_of(reader)
            header, index = view.header, config.index_from_map(view.generation.index)
    except VdbError:
        return html.card(title, [])
    facts = [
        ("records", f"{header.count:,}"),
        ("metric", header.metric),
        ("dim", _dim(header)),
        ("dtype", header.dtype),
        ("scores", header.scores),
        ("index", repr(index)),
        ("model", header.model),
        ("fields", ", ".join(f"{line['path']}: {line['type']}" for line in header.all_fields)),
    ]
    return html.card(f"Collection {header.name}", [fact for fact in facts if fact[1]])


def database_table(title: str, path: str, reading: Reading) -> str:
    """The collections of a database; the title alone where it cannot be read."""
    rows: list[list[object]] = []
    try:
        with reading() as reader:
            names = reader.names(most=_SHOWN + 1)
            for name in names[:_SHOWN]:
                header = reader.collection(name).header
                rows.append([name, f"{header.count:,}", header.metric, _dim(header), header.dtype])
    except VdbError:
        return html.card(title, [])
    rest = "and more" if len(names) > _SHOWN else ""
    return html.table(
        f"Database {path}", ["collection", "records", "metric", "dim", "dtype"], rows, rest
    )


def _dim(header: CollectionHeader) -> str:
    return str(header.dim or "open")
