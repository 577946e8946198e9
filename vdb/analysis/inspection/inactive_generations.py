"""What the generations of a collection take that are not in use."""

from __future__ import annotations

from vdb import index
from vdb.analysis.inspection.report import GenerationUse
from vdb.model.config import index_from_map
from vdb.store import Batch, CollectionView, WritableCollection, generation_view
from vdb.store.format import blocks, keys

__all__ = ["generations_beside"]


def generations_beside(reader: index.Reader, collection: index.View) -> tuple[GenerationUse, ...]:
    """One being built, one kept, and those that are over but not removed yet.

    Vectors that one shares with the generation in use are not counted: they would be there anyway.
    """
    snapshot = reader.base if isinstance(reader, Batch) else reader
    view = collection.view if isinstance(collection, WritableCollection) else collection
    header, found, shared = view.header, [], {view.generation.vectors}
    for number, role in ((header.building, "being built"), (header.kept, "kept")):
        if not number:
            continue
        record = snapshot.inactive_generation(header, number)
        shared.add(record.vectors)
        other = generation_view(snapshot.database_header(), view, record)
        own = [table for table in other.tables if table is not view.vectors]
        there = [
            sum(table.check(snapshot.fetch, block) for block in range(table.blocks))
            for table in own
        ]
        size = sum(count * table.block_size for count, table in zip(there, own, strict=True))
        config = index_from_map(record.index)
        found.append(
            GenerationUse(number, role, record.metric, record.dtype, config, sum(there), size)
        )
    found += [_over(snapshot, view, number, shared) for number in header.leaving]
    return tuple(found)


def _over(
    reader: index.Reader, view: CollectionView, number: int, shared: set[int]
) -> GenerationUse:
    count = size = 0
    for kind in blocks.KINDS:
        if kind == blocks.VECTORS and number in shared:
            continue
        for _, value in reader.items(keys.blocks_of_kind(view.header.number, number, kind)):
            count, size = count + 1, size + len(value)
    return GenerationUse(number, "over", None, None, None, count, size)
