"""The check for orphans: every key has a known form and belongs to something that exists."""

from __future__ import annotations

from collections.abc import Iterator

from vdb.errors import CorruptedError
from vdb.maintenance.check.catalog import UNKNOWN, Catalog
from vdb.maintenance.check.steps import problem_of
from vdb.model.problem import Problem
from vdb.store import Snapshot
from vdb.store.format import blocks, keys
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import Key, KeyKind

__all__ = ["check_orphans"]


def check_orphans(reader: Snapshot, prefix: bytes, catalog: Catalog) -> Iterator[Problem]:
    """Problems of the keys that begin with `prefix`."""
    for key, _ in reader.items(prefix):
        try:
            place = keys.decode(key)
        except CorruptedError as error:
            if key[0] not in (
                KeyKind.NAME,
                KeyKind.ALIAS,
                KeyKind.JOURNAL,
            ):  # reported by their own steps
                yield problem_of(error)
            continue
        reason = _orphaned(reader, place, catalog)
        if reason is not None:
            yield Problem(str(place), reason)


def _orphaned(reader: Snapshot, place: Key, catalog: Catalog) -> str | None:
    """Why a key should not be there, or None."""
    number = place.collection
    if number is None or number in catalog.unreadable or UNKNOWN in catalog.unreadable:
        return None
    header = catalog.headers.get(number)
    if header is None:
        return f"there is no collection {number}"
    if place.kind is KeyKind.POSTINGS:
        if place.field in {line["number"] for line in header.fields}:
            return None
        return f"collection {header.name!r} has no declared field {place.field}"
    if place.kind in (KeyKind.SEGMENT, KeyKind.TEXT, KeyKind.DELETED):
        if place.field in {line["number"] for line in header.text_fields}:
            return None
        return f"collection {header.name!r} has no text field {place.field}"
    if place.kind is KeyKind.CHANGE:
        if place.generation in (header.building, header.kept):
            return None
        return f"collection {header.name!r} has no generation {place.generation} to catch up"
    if place.kind is not KeyKind.BLOCK or place.generation in header.leaving:
        return None
    return _orphaned_block(reader, header, place, catalog.generations.get(number, {}))


def _orphaned_block(
    reader: Snapshot,
    header: CollectionHeader,
    place: Key,
    generations: dict[int, GenerationRecord],
) -> str | None:
    """Why a block should not be there, or None."""
    kind, level = place.block_kind or 0, place.level or 0
    if kind == blocks.VECTORS:
        owners = [record for record in generations.values() if record.vectors == place.generation]
        if not owners:
            return f"no generation of collection {header.name!r} is over these vectors"
        dim = header.row_dim(owners[0])
        row_size, span = blocks.vector_row_size(dim, owners[0].dtype), 1
        exists = level == 0
    else:
        record = generations.get(place.generation or 0)
        if record is None:
            return f"collection {header.name!r} has no generation {place.generation}"
        M = record.index.get("M", 0)
        codes = record.index.get("codes")
        if kind == blocks.CODES:
            exists = codes is not None and level == 0
            dim = header.row_dim(record)
            row_size, span = (blocks.code_row_size(dim, codes), 1) if codes else (0, 1)
        else:
            exists = kind == blocks.LINKS and M > 0 and level < blocks.link_levels(M)
            row_size, span = (blocks.link_row_size(M, level), M**level) if exists else (0, 1)
    if not exists:
        return f"collection {header.name!r} has no such table of blocks"
    rows = blocks.rows_per_block(blocks.block_size(kind, reader.small_block), row_size, kind)
    if (place.number or 0) * rows * span >= header.slots:
        return f"collection {header.name!r} has {header.slots} slots, and none lies in this block"
    return None
