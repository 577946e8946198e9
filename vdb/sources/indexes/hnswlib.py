"""Indexes of hnswlib: its graph (`Index.save_index`) and its brute force (`BFIndex.save_index`).

The head of a graph, little-endian: u64 0, capacity, count, bytes of a record, offset of the label
in it, offset of the vector; i32 highest level; u32 entry point; u64 links of an upper level and of
the lowest, M; f64 level multiplier; u64 ef_construction. Then the records: links, vector, label.
Then for each record u32 bytes of its upper links, and these. Source: hnswalg.h of hnswlib 0.8.0.

A record that was deleted has bit 0x01 of byte 2 set, and stays. The head of a brute force is u64
capacity, bytes of a record, count; its records are vector and label, and all places are written.
Neither says which space it is of. Under cosine vectors were brought to unit length.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.model.config import HNSW, LIMITS
from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.number_types import signed_or_large
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "HnswlibSource"]

_HEAD: Final = struct.Struct("<6QiI3QdQ")
_BRUTE_HEAD: Final = struct.Struct("<3Q")
_METRICS: Final = ("l2", "ip", "cosine")
_LABEL: Final = 8
_DELETED: Final = 1
_MARK: Final = 2
"""The byte of a record that has the mark of deletion."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the records of a file lie.

    Attributes:
        first: Byte of the first record.
        count: Records, deleted ones among them.
        width: Bytes of one.
        vector: Byte of the vector in a record.
        label: Byte of the label, at which the vector ends.
        graph: Whether records have a mark of deletion.
    """

    first: int
    count: int
    width: int
    vector: int
    label: int
    graph: bool
    M: int = 0
    ef_construction: int = 0

    @property
    def dim(self) -> int:
        return (self.label - self.vector) // 4

    @property
    def end(self) -> int:
        return self.first + self.count * self.width


class HnswlibSource(Source):
    """One file."""

    __slots__ = ("_file", "_layout_of_records")

    def __init__(self, info: SourceInfo, file: ByteFile, layout: _Layout) -> None:
        super().__init__(info)
        self._file, self._layout_of_records = file, layout

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        layout = self._layout_of_records
        parts = self._file.parts(
            layout.first, np.uint8, layout.count, layout.width, rows, "the records"
        )
        for start, part in parts:
            numbers = np.arange(start, start + len(part))
            vectors = part[:, layout.vector : layout.label].copy().view("<f4")
            labels = part[:, layout.label : layout.label + _LABEL].copy().view("<u8")[:, 0]
            batch = SourceBatch(numbers, signed_or_large(labels), vectors)
            if layout.graph:
                deleted = (part[:, _MARK] & _DELETED).astype(np.bool_)
                self.skipped["deleted"] += int(deleted.sum())
                batch = batch.take(~deleted)
            yield batch

    def engine(self, metric: str) -> Engine | None:
        """hnswlib, with the file loaded."""
        try:
            return _Library(self._file.path, self._layout_of_records, metric)
        except ImportError:
            return None

    def close(self) -> None:
        """Closes the file."""
        super().close()
        self._file.close()


class _Library:
    """hnswlib itself, with the file loaded."""

    def __init__(self, path: Path, layout: _Layout, metric: str) -> None:
        hnswlib = importlib.import_module("hnswlib")
        self.name = version_of("hnswlib")
        self.exact = not layout.graph
        kind = hnswlib.Index if layout.graph else hnswlib.BFIndex
        self._index = kind(metric, layout.dim)
        self._index.load_index(str(path))
        self._metric = metric

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`, with ef 200 or more."""
        if not self.exact:
            self._index.set_ef(max(k, 200))
        labels, distances = self._index.knn_query(queries, k)
        return [Answer(ids.tolist(), values) for ids, values in zip(labels, distances, strict=True)]


def _open(place: Place, metric: str | None = None) -> Source:
    file = ByteFile(place.require_file(FORMAT.name))
    layout = _graph(file) or _brute_force(file)
    if layout is None:
        raise file.error("the head", "is not that of an index of hnswlib")
    index = None
    if layout.graph and LIMITS.M[0] <= layout.M <= LIMITS.M[1]:
        index = HNSW(
            M=layout.M, ef_construction=min(layout.ef_construction, LIMITS.ef_construction)
        )
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
        dim=layout.dim,
        metric=metric,
        metrics=_METRICS,
        convention="hnswlib",
        ids="int",
        vectors="normalized" if metric == "cosine" else "exact",
        index=index,
        notes=notes.get(metric, ()),
    )
    return HnswlibSource(info, file, layout)


def _graph(file: ByteFile) -> _Layout | None:
    """The layout of a graph; None if the head is not one.

    Raises:
        SourceError: The head is one, and the file is shorter or longer than it says.
    """
    if file.size < _HEAD.size:
        return None
    zero, capacity, count, width, label, vector, level, entry, upper, lowest, M, _, ef = (
        _HEAD.unpack(file.bytes_at(0, _HEAD.size, "the head"))
    )
    sound = (
        zero == 0
        and vector == 4 + 4 * lowest
        and vector < label
        and (label - vector) % 4 == 0
        and width == label + _LABEL
        and lowest == 2 * M
        and upper == M > 0
        and ef > 0
    )
    if not sound:
        return None
    layout = _Layout(_HEAD.size, count, width, vector, label, graph=True, M=M, ef_construction=ef)
    if count > capacity or layout.end > file.size:
        raise file.error(
            "the head",
            f"says {count:,} of {capacity:,} records of {width:,} bytes; the file has "
            f"{file.size:,} bytes",
        )
    if count and (entry >= count or level < 0):
        raise file.error("the head", f"says that the entry point is record {entry:,} of {count:,}")
    _require_end(file, layout, 4 * M + 4)
    return layout


def _require_end(file: ByteFile, layout: _Layout, level_bytes: int) -> None:
    """Refuse a file that does not end where the upper links of the last record end."""
    place, left = layout.end, layout.count
    while left:
        block = file.bytes_at(place, min(1 << 20, file.size - place), "the upper links")
        inside = 0
        while left and inside + 4 <= len(block):
            (length,) = struct.unpack_from("<I", block, inside)
            if length % level_bytes:
                raise file.error("the upper links", f"have {length:,} bytes, not of whole levels")
            inside += 4 + length
            left -= 1
        if not inside:
            raise file.error("the upper links", f"end before those of {left:,} records")
        place += inside
    if place != file.size:
        raise file.error(
            "the upper links", f"end at byte {place:,}; the file has {file.size:,} bytes"
        )


def _brute_force(file: ByteFile) -> _Layout | None:
    if file.size < _BRUTE_HEAD.size:
        return None
    capacity, width, count = _BRUTE_HEAD.unpack(file.bytes_at(0, _BRUTE_HEAD.size, "the head"))
    sound = width > _LABEL and (width - _LABEL) % 4 == 0 and count <= capacity
    if not sound or _BRUTE_HEAD.size + capacity * width != file.size:
        return None
    return _Layout(_BRUTE_HEAD.size, count, width, 0, width - _LABEL, graph=False)


def _recognise(place: Place) -> bool:
    """By the first numbers of a graph; brute force has none that are its own."""
    if place.file is None or len(place.head) < _HEAD.size:
        return False
    zero, _, _, width, label, vector, _, _, upper, lowest, M, _, _ = _HEAD.unpack_from(place.head)
    return bool(
        zero == 0
        and width == label + _LABEL
        and vector == 4 + 4 * lowest == 4 + 8 * M
        and upper == M
    )


FORMAT = SourceFormat(
    name="hnswlib",
    title="indexes of hnswlib: Index and BFIndex",
    kind="index",
    recognise=_recognise,
    open=_open,
    options=(Option("metric", "the space", kind="metric", choices=_METRICS),),
    versions="hnswlib 0.8.0",
    holds="labels, vectors, marks of deletion, M, ef_construction",
    lacks="the space; under cosine, the lengths of the vectors",
    metric="asked",
)
