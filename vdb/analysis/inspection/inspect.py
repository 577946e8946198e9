"""Statistics of a stored collection: norms of its vectors, graph, blocks and bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.analysis.common.histogram import histogram
from vdb.analysis.common.norms import norms_of
from vdb.analysis.inspection.inactive_generations import inactive_generations
from vdb.analysis.inspection.report import (
    BlockUse,
    FileUse,
    GenerationUse,
    Histogram,
    Inspection,
    LevelUse,
    Link,
    RecordInspection,
)
from vdb.index.record_ids import slot_of_record
from vdb.index.vectors.graph_statistics import (
    GraphStatistics,
    graph_statistics,
    neighborhood,
)
from vdb.kernel import BlockTable
from vdb.maintenance.info import collection_info
from vdb.model.metrics import METRICS
from vdb.model.records import Id
from vdb.store import Batch
from vdb.store.format import keys
from vdb.store.format.keys import KeyKind

__all__ = ["inspect", "inspect_record"]

BINS = 24

_BY_TABLE = (KeyKind.COLLECTION, KeyKind.GENERATION, KeyKind.BLOCK)
_NAMES = {
    KeyKind.ID: "ids",
    KeyKind.RECORD: "records",
    KeyKind.PART: "records",
    KeyKind.POSTINGS: "field indexes",
}


def inspect(reader: index.Reader, view: index.View) -> Inspection:
    """Statistics of the whole collection; reads all blocks, ids and records.

    Raises:
        CorruptedError: A damaged part was read; `check` lists all damage.
    """
    lengths = index.norms(reader, view)
    lengths = lengths[lengths >= 0]
    statistics = graph_statistics(reader, view)
    blocks, inactive = _blocks(reader, view, statistics), inactive_generations(reader, view)
    info = collection_info(reader, view)
    return Inspection(
        info=info,
        norms=norms_of(lengths),
        norm_histogram=_histogram(lengths),
        levels=() if statistics is None else tuple(_levels(view, statistics)),
        nodes=0 if statistics is None else statistics.nodes,
        duplicates=0 if statistics is None else statistics.duplicates,
        duplicate_groups=0 if statistics is None else statistics.representatives,
        unlinked=0 if statistics is None else statistics.unlinked,
        reached=view.header.vector_count if statistics is None else statistics.reached,
        blocks=tuple(blocks),
        beside=inactive,
        bytes=_bytes(reader, view, blocks, inactive),
        file=_file(reader),
    )


def _histogram(lengths: NDArray[np.float32]) -> Histogram:
    if not len(lengths):
        return Histogram((), ())
    counts, edges = histogram(lengths.astype(np.float64), BINS)
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))


def _levels(view: index.View, statistics: GraphStatistics) -> list[LevelUse]:
    M = view.generation.index["M"]
    uses = []
    for number, level in enumerate(statistics.levels):
        capacity = 2 * M if number == 0 else M
        degrees = np.arange(len(level.out_degrees))
        uses.append(
            LevelUse(
                level=number,
                nodes=level.nodes,
                capacity=capacity,
                mean_degree=float(degrees @ level.out_degrees) / level.nodes,
                max_degree=len(degrees) - 1,
                full=float(level.out_degrees[capacity:].sum()) / level.nodes,
                alone=int(level.out_degrees[0]),
                out_degrees=tuple(level.out_degrees.tolist()),
                in_degrees=tuple(level.in_degrees.tolist()),
            )
        )
    return uses


def _blocks(
    reader: index.Reader, view: index.View, statistics: GraphStatistics | None
) -> list[BlockUse]:
    """Blocks of the newest commit; in a batch, its new blocks are not counted yet."""
    count = view.header.vector_count
    uses = [_use(reader, view.vectors, "vectors", count)]
    for level, table in enumerate(view.links):
        nodes = 0
        if statistics is not None and level < len(statistics.levels):
            nodes = statistics.levels[level].nodes
        used = count if level == 0 else nodes
        uses.append(_use(reader, table, "links", used))
    if view.codes is not None:
        uses.append(_use(reader, view.codes, "codes", count))
    return [use for use in uses if use.blocks]


def _use(reader: index.Reader, table: BlockTable, kind: str, used: int) -> BlockUse:
    fetch = reader.base.fetch if isinstance(reader, Batch) else reader.fetch
    block_count = sum(table.check(fetch, number) for number in range(table.blocks))
    rows = block_count * table.rows
    return BlockUse(
        kind, table.level, block_count, block_count * table.block_size, rows, min(used, rows)
    )


def _bytes(
    reader: index.Reader,
    view: index.View,
    blocks: list[BlockUse],
    inactive: tuple[GenerationUse, ...],
) -> dict[str, int]:
    """Bytes of stored keys and values by kind, without the free space inside pages."""
    sizes = {"vectors": 0, "links": 0}
    for use in blocks:
        sizes[use.kind] = sizes.get(use.kind, 0) + use.bytes
    if inactive:
        sizes["other generations"] = sum(generation.bytes for generation in inactive)
    for kind in KeyKind:
        if kind < KeyKind.COLLECTION or kind in _BY_TABLE:
            continue
        name = _NAMES.get(kind, kind.name.lower())
        prefix = keys.within(kind, view.header.number)
        size = sum(len(key) + len(value) for key, value in reader.items(prefix))
        if size:
            sizes[name] = sizes.get(name, 0) + size
    return sizes


def _file(reader: index.Reader) -> FileUse:
    stats = (reader.base if isinstance(reader, Batch) else reader).stats()
    oldest = stats.oldest_reader
    return FileUse(
        bytes=stats.file_size,
        used_bytes=stats.pages_used * stats.page_size,
        free_bytes=stats.pages_free * stats.page_size,
        readers=max(0, stats.readers - 1),  # without this call
        reader_lag=None if oldest is None else max(0, stats.txn_id - oldest),
    )


def inspect_record(reader: index.Reader, view: index.View, record_id: object) -> RecordInspection:
    """One record and its neighbours.

    Raises:
        NotFoundError: There is no such record.
        CorruptedError: A damaged part was read.
    """
    header = view.header
    checked_id, slot = slot_of_record(reader, view, record_id)
    slots = np.array([slot], dtype=np.uint32)
    if not index.has_vector(reader, view, slots)[0]:
        payload = reader.record(view, slot)[1]
        return RecordInspection(
            header.name, header.metric, checked_id, slot, None, payload, None, (), ()
        )
    vector = index.stored_vectors(reader, view, slots)[0]
    graph_place = neighborhood(reader, view, slot)
    lengths = index.norms(reader, view)
    representative: Id | None = None
    duplicates: list[int] = []
    if graph_place is not None:
        representative = reader.id_at(view, graph_place.representative)
        group = {graph_place.representative, *graph_place.duplicates.tolist()}
        duplicates = sorted(group - {slot})
    return RecordInspection(
        collection=header.name,
        metric=header.metric,
        id=checked_id,
        slot=slot,
        norm=float(lengths[slot]),
        payload=reader.record(view, slot)[1],
        representative=representative,
        duplicates=tuple(reader.id_at(view, twin) for twin in duplicates),
        levels=()
        if graph_place is None
        else tuple(_links(reader, view, vector, links, lengths) for links in graph_place.links),
    )


def _links(
    reader: index.Reader,
    view: index.View,
    vector: NDArray[np.generic],
    slots: NDArray[np.uint32],
    lengths: NDArray[np.float32],
) -> tuple[Link, ...]:
    metric = METRICS[view.header.metric]
    values = metric.values(vector, index.stored_vectors(reader, view, slots))
    order = np.argsort(values if metric.direction == "lower" else -values, kind="stable")
    return tuple(
        Link(reader.id_at(view, int(slots[i])), float(values[i]), float(lengths[slots[i]]))
        for i in order
    )
