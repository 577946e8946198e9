"""Indexes of hnswlib: its graph (`Index.save_index`) and its brute force (`BFIndex.save_index`).

`hnswlib_records` says how a graph is laid out. The head of a brute force is u64 capacity, bytes of
a record, count; its records are vector and label, and all places are written. Neither says which
space it is of. Under cosine vectors were brought to unit length. `beside_an_index` says what an
export of vdb lays beside the file.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.beside_an_index import BesideIndex, beside_index
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.hnswlib_records import (
    LABEL,
    RecordLayout,
    graph_layout,
    is_graph,
    live_records,
    record_parts,
)
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.number_types import signed_or_large
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "HnswlibSource"]

_METRICS: Final = ("l2", "ip", "cosine")
_BRUTE_HEAD: Final = struct.Struct("<3Q")


class HnswlibSource(Source):
    """One file."""

    __slots__ = ("_beside", "_file", "_layout_of_records")

    def __init__(
        self,
        info: SourceInfo,
        file: ByteFile,
        layout: RecordLayout,
        beside: BesideIndex | None = None,
    ) -> None:
        super().__init__(info, file.close)
        self._file, self._layout_of_records, self._beside = file, layout, beside

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        batches = self._of_the_file(rows)
        yield from (
            batches if self._beside is None else self._beside.records(batches, self.info.dtype)
        )

    def _of_the_file(self, rows: int) -> Iterator[SourceBatch]:
        for part in record_parts(self._file, self._layout_of_records, rows):
            if part.deleted.any():
                self.skipped["deleted"] += int(part.deleted.sum())
            labels = signed_or_large(part.labels)
            batch = SourceBatch(part.rows, labels, part.vectors.view("<f4"))
            yield batch.take(~part.deleted)

    def _library(self, metric: str) -> Engine | None:
        """hnswlib, with the file loaded."""
        layout = self._layout_of_records
        live = live_records(self._file, layout, self.part_rows)
        if self._beside is not None and self._beside.lines is not None:
            return None  # its labels may be row numbers
        return _Library(self._file.path, layout, metric, live)


class _Library:
    """hnswlib itself, with the file loaded."""

    def __init__(self, path: Path, layout: RecordLayout, metric: str, live: int) -> None:
        hnswlib = importlib.import_module("hnswlib")
        self.name = version_of("hnswlib")
        self.exact = not layout.graph
        kind = hnswlib.Index if layout.graph else hnswlib.BFIndex
        self._index = kind("ip" if metric == "dot" else metric, _dim(layout))
        self._index.load_index(str(path))
        self._live = live

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`, with ef 200 or more; hnswlib refuses more than there are."""
        k = min(k, self._live)
        if not self.exact:
            self._index.set_ef(max(k, 200))
        labels, distances = self._index.knn_query(queries, k)
        return [Answer(ids.tolist(), values) for ids, values in zip(labels, distances, strict=True)]


def _open(place: Place, metric: str | None = None) -> Source:
    file = ByteFile(place.require_file(FORMAT.name))
    layout = graph_layout(file) or _brute_force(file)
    if layout is None or (layout.label - layout.vector) % 4:
        raise file.error("the head", "is not that of an index of hnswlib")
    notes = {
        None: ("under cosine, vectors were brought to unit length when they were added",),
        "cosine": ("vectors were brought to unit length when they were added",),
    }
    info = SourceInfo(
        format=FORMAT.name,
        version="Index" if layout.graph else "BFIndex",
        path=place.text,
        count=None if layout.graph else layout.count,
        deleted=None if layout.graph else 0,
        dim=_dim(layout),
        metric=metric,
        metrics=_METRICS,
        convention="hnswlib",
        ids="int",
        vectors="normalized" if metric == "cosine" else "exact",
        index=layout.index,
        notes=notes.get(metric, ()),
    )
    beside = beside_index(file.path)
    if beside is not None:
        info = beside.completed(info, metric)
    return HnswlibSource(info, file, layout, beside)


def _brute_force(file: ByteFile) -> RecordLayout | None:
    if file.size < _BRUTE_HEAD.size:
        return None
    capacity, width, count = _BRUTE_HEAD.unpack(file.bytes_at(0, _BRUTE_HEAD.size, "the head"))
    sound = width > LABEL and (width - LABEL) % 4 == 0 and count <= capacity
    if not sound or _BRUTE_HEAD.size + capacity * width != file.size:
        return None
    return RecordLayout(_BRUTE_HEAD.size, count, width, 0, width - LABEL, graph=False)


def _dim(layout: RecordLayout) -> int:
    return (layout.label - layout.vector) // 4


FORMAT = SourceFormat(
    name="hnswlib",
    title="indexes of hnswlib: Index and BFIndex, and what vdb export writes beside them",
    kind="index",
    recognise=lambda place: place.file is not None and is_graph(place.head),
    open=_open,
    options=(Option("metric", "the space", kind="metric", choices=_METRICS),),
    versions="hnswlib 0.8.0",
    holds="labels, vectors, marks of deletion, M, ef_construction",
    lacks="the space, except beside files of vdb export; under cosine, the lengths of the vectors",
    metric="asked; of vdb export beside the file",
)
