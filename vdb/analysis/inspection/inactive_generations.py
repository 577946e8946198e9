"""Blocks and bytes of the generations of a collection that are not in use."""

from __future__ import annotations

from vdb import index
from vdb.analysis.inspection.report import GenerationUse
from vdb.model.config import index_from_map
from vdb.store import Batch, CollectionView, WritableCollection, generation_view
from vdb.store.format import blocks, keys

__all__ = ["inactive_generations"]


def inactive_generations(reader: index.Reader, collection: index.View) -> tuple[GenerationUse, ...]:
    """The generation being built, the kept one, and retired ones that are not removed yet.

    Vectors shared with the generation in use are not counted: they take no extra space.
    """
    snapshot = reader.base if isinstance(reader, Batch) else reader
    view = collection.view if isinstance(collection, WritableCollection) else collection
    header, uses, shared = view.header, [], {view.generation.vectors}
    for number, role in ((header.building, "being built"), (header.kept, "kept")):
        if not number:
            continue
        record = snapshot.inactive_generation(header, number)
        shared.add(record.vectors)
        state = generation_view(snapshot.database_header(), view, record)
        tables = [table for table in state.tables if table is not view.vectors]
        block_counts = [
            sum(table.check(snapshot.fetch, block) for block in range(table.blocks))
            for table in tables
        ]
        size = sum(
            count * table.block_size for count, table in zip(block_counts, tables, strict=True)
        )
        config = index_from_map(record.index)
        uses.append(
            GenerationUse(
                number,
                role,
                record.metric,
                record.dtype,
                *header.embedding_in(record),
                config,
                sum(block_counts),
                size,
            )
        )
    uses += [_retired(snapshot, view, number, shared) for number in header.leaving]
    return tuple(uses)


def _retired(
    reader: index.Reader, view: CollectionView, number: int, shared: set[int]
) -> GenerationUse:
    count = size = 0
    for kind in blocks.KINDS:
        if kind == blocks.VECTORS and number in shared:
            continue
        for _, value in reader.items(keys.blocks_of_kind(view.header.number, number, kind)):
            count, size = count + 1, size + len(value)
    return GenerationUse(number, "over", None, None, None, None, None, count, size)
