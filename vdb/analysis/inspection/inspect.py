"""A collection from the inside: its vectors' lengths, its graph, its blocks, its bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.analysis.common.norms import norms_of
from vdb.analysis.inspection.inactive_generations import generations_beside
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
from vdb.errors import NotFoundError
from vdb.kernel import BlockTable
from vdb.maintenance.info import collection_info
from vdb.model import inputs
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
    """Looks at everything; reads all blocks, ids and records.

    Raises:
        CorruptedError: Damage was met on the way; `check` says all of it.
    """
    lengths = index.norms(reader, view)
    lengths = lengths[lengths >= 0]
    survey = index.graph_statistics(reader, view)
    blocks, others = _blocks(reader, view, survey), generations_beside(reader, view)
    info = collection_info(reader, view)
    return Inspection(
        info=info,
        norms=norms_of(lengths),
        norm_histogram=_histogram(lengths),
        levels=() if survey is None else tuple(_levels(view, survey)),
        nodes=0 if survey is None else survey.nodes,
        duplicates=0 if survey is None else survey.duplicates,
        duplicate_groups=0 if survey is None else survey.representatives,
        unlinked=0 if survey is None else survey.unlinked,
        reached=info.count if survey is None else survey.reached,
        blocks=tuple(blocks),
        beside=others,
        bytes=_bytes(reader, view, blocks, others),
        file=_file(reader),
    )


def _histogram(lengths: NDArray[np.float32]) -> Histogram:
    if not len(lengths):
        return Histogram((), ())
    counts, edges = np.histogram(lengths.astype(np.float64), bins=BINS)
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))


def _levels(view: index.View, survey: index.GraphStatistics) -> list[LevelUse]:
    M = view.generation.index["M"]
    found = []
    for number, level in enumerate(survey.levels):
        capacity = 2 * M if number == 0 else M
        degrees = np.arange(len(level.out_degrees))
        found.append(
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
    return found


def _blocks(
    reader: index.Reader, view: index.View, survey: index.GraphStatistics | None
) -> list[BlockUse]:
    """What the newest commit has; in a batch, blocks that it added are not counted yet."""
    count = view.header.count
    found = [_use(reader, view.vectors, "vectors", count)]
    for level, table in enumerate(view.links):
        nodes = 0
        if survey is not None and level < len(survey.levels):
            nodes = survey.levels[level].nodes
        used = count if level == 0 else nodes
        found.append(_use(reader, table, "links", used))
    if view.codes is not None:
        found.append(_use(reader, view.codes, "codes", count))
    return [use for use in found if use.blocks]


def _use(reader: index.Reader, table: BlockTable, kind: str, used: int) -> BlockUse:
    fetch = reader.base.fetch if isinstance(reader, Batch) else reader.fetch
    there = sum(table.check(fetch, number) for number in range(table.blocks))
    rows = there * table.rows
    return BlockUse(kind, table.level, there, there * table.block_size, rows, min(used, rows))


def _bytes(
    reader: index.Reader,
    view: index.View,
    blocks: list[BlockUse],
    others: tuple[GenerationUse, ...],
) -> dict[str, int]:
    """Keys and values, as they are stored; the pages of the file have some room beside them."""
    found = {"vectors": 0, "links": 0}
    for use in blocks:
        found[use.kind] = found.get(use.kind, 0) + use.bytes
    if others:
        found["other generations"] = sum(other.bytes for other in others)
    for kind in KeyKind:
        if kind < KeyKind.COLLECTION or kind in _BY_TABLE:
            continue
        name = _NAMES.get(kind, kind.name.lower())
        prefix = keys.within(kind, view.header.number)
        stored = sum(len(key) + len(value) for key, value in reader.items(prefix))
        if stored:
            found[name] = found.get(name, 0) + stored
    return found


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
        CorruptedError: Damage was met on the way.
    """
    header = view.header
    wanted = inputs.one_id(record_id)
    slot = None
    if type(wanted).__name__ == header.id_kind:
        slot = reader.slot_of(view, wanted)
    if slot is None:
        raise NotFoundError(f"no record {wanted!r} in collection {header.name!r}", received=wanted)
    own = np.array([slot], dtype=np.uint32)
    vector = index.stored_vectors(reader, view, own)[0]
    near = index.neighborhood(reader, view, slot)
    lengths = index.norms(reader, view)
    representative: Id | None = None
    duplicates: list[int] = []
    if near is not None:
        representative = reader.id_at(view, near.representative)
        group = {near.representative, *near.duplicates.tolist()}
        duplicates = sorted(group - {slot})
    return RecordInspection(
        collection=header.name,
        metric=header.metric,
        id=wanted,
        slot=slot,
        norm=float(lengths[slot]),
        payload=reader.record(view, slot)[1],
        representative=representative,
        duplicates=tuple(reader.id_at(view, twin) for twin in duplicates),
        levels=()
        if near is None
        else tuple(_links(reader, view, vector, links, lengths) for links in near.links),
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
