"""Indexes of USearch, as `Index.save` writes them.

Little-endian: u32 rows, u32 bytes of a vector, the vectors; then a head of 64 bytes: "usearch",
three u16 of the version, a byte each for the metric, the numbers, the keys and the slots, u64 keys
present, u64 removed, u64 dimensions, a byte for several vectors a key; then the graph: u64 nodes,
M, links of the lowest level, highest level, entry point; an int16 level of each node; the nodes,
each with its key, its level, and for every level a u32 and room for its links.
Source: index_dense.hpp and index.hpp of USearch 2.26.6.

The key of a removed vector is 2**64 - 1. The metric is that of the head: an index that is loaded
into another one keeps the other's name.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.graph_parameters import graph_index
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.number_types import dtype_for, native, rounding_note, signed_or_large
from vdb.sources.source import Source
from vdb.sources.source_format import Place, SourceFormat

__all__ = ["FORMAT", "UsearchSource"]

_MATRIX: Final = struct.Struct("<2I")
_HEAD: Final = struct.Struct("<7s3H4B3QB")
_HEAD_BYTES: Final = 64
_GRAPH: Final = struct.Struct("<5Q")
_REMOVED: Final = np.uint64(2**64 - 1)
_KEY_BYTES: Final = 8
_U64_KEYS: Final = 14
_SLOT_BYTES: Final = {15: 4, 2: 5}
_PART: Final = 1 << 20

_METRICS: Final = {
    "c": "cosine",
    "e": "l2",
    "i": "ip",
    "b": "hamming",
    "t": "tanimoto",
    "s": "sorensen",
    "p": "pearson",
    "h": "haversine",
    "d": "divergence",
    "j": "jaccard",
}
_OWN: Final = ("l2", "ip", "cosine", "hamming")


class _Numbers(NamedTuple):
    name: str
    kind: str


_NUMBERS: Final = {
    1: _Numbers("bit", "u1"),
    4: _Numbers("bfloat16", "<u2"),
    10: _Numbers("float64", "<f8"),
    11: _Numbers("float32", "<f4"),
    12: _Numbers("float16", "<f2"),
    17: _Numbers("uint8", "u1"),
    23: _Numbers("int8", "i1"),
}
_OTHER_NUMBERS: Final = {5: "e5m2", 6: "e4m3", 7: "e2m3", 8: "e3m2"}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things lie in a file.

    Attributes:
        count: Vectors, removed ones among them.
        width: Bytes of a vector.
        levels: Byte of the first node's level.
        node: Bytes of a node of the lowest level.
        level: Bytes of each further level of a node.
    """

    count: int
    width: int
    removed: int
    dim: int
    metric: str
    numbers: _Numbers
    several: bool
    M: int
    levels: int
    node: int
    level: int


class UsearchSource(Source):
    """One file."""

    __slots__ = ("_file", "_layout_of_file")

    def __init__(self, info: SourceInfo, file: ByteFile, layout: _Layout) -> None:
        super().__init__(info, file.close)
        self._file, self._layout_of_file = file, layout

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        layout = self._layout_of_file
        kind = np.dtype(layout.numbers.kind)
        parts = self._file.parts(
            _MATRIX.size, kind, layout.count, layout.width // kind.itemsize, rows, "the vectors"
        )
        keys = _keys(self._file, layout, rows)
        for (start, part), labels in zip(parts, keys, strict=True):
            numbers = np.arange(start, start + len(part))
            there = labels != _REMOVED
            if not there.all():
                self.skipped["deleted"] += int(len(labels) - there.sum())
            vectors = native(part[there], layout.numbers.name)
            yield SourceBatch(numbers[there], signed_or_large(labels[there]), vectors)

    def _library(self, metric: str) -> Engine | None:
        """USearch, with the file loaded; none for metrics that vdb does not have."""
        if self._layout_of_file.metric != metric:
            return None
        return _Library(self._file.path)


class _Library:
    """USearch itself, with the file loaded."""

    exact = False

    def __init__(self, path: Path) -> None:
        index = importlib.import_module("usearch.index")
        self.name = version_of("usearch")
        self._index = index.Index.restore(str(path))
        self._index.expansion_search = 200

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`, with an expansion of 200."""
        answers = [self._index.search(query, k) for query in queries]
        return [Answer(one.keys.tolist(), one.distances.tolist()) for one in answers]


def _keys(file: ByteFile, layout: _Layout, rows: int) -> Iterator[NDArray[np.uint64]]:
    """The keys of the nodes, `rows` at a time; nodes of higher levels are longer."""
    place = layout.levels + 2 * layout.count
    for start, levels in file.parts(layout.levels, "<i2", layout.count, 1, rows, "the levels"):
        heights = levels[:, 0].astype(np.int64)
        if heights.min() < 0:
            raise file.error(f"the level of node {start + int(heights.argmin()):,}", "is negative")
        lengths = layout.node + heights * layout.level
        ends = place + np.cumsum(lengths)
        if int(ends[-1]) > file.size:
            raise file.error("the nodes", f"end behind the file, which has {file.size:,} bytes")
        yield _keys_at(file, ends - lengths)
        place = int(ends[-1])


def _keys_at(file: ByteFile, places: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The keys at places that ascend, read a mebibyte at a time."""
    keys = np.empty(len(places), np.uint64)
    done = 0
    while done < len(places):
        first = int(places[done])
        last = max(done + 1, int(np.searchsorted(places, first + _PART)))
        length = int(places[last - 1]) - first + _KEY_BYTES
        block = file.array_at(first, np.uint8, length, "the nodes")
        inside = (places[done:last] - first)[:, None] + np.arange(_KEY_BYTES)
        keys[done:last] = block[inside].view("<u8")[:, 0]
        done = last
    return keys


def _layout(file: ByteFile) -> _Layout:
    """The layout, checked against the size of the file.

    Raises:
        SourceError: The file is none of USearch's, or is cut short.
    """
    count, width = file.numbers_at(0, "<2I", "the size of the matrix")
    place = _MATRIX.size + count * width
    head = file.bytes_at(place, _HEAD_BYTES, "the head behind the vectors")
    letters, *_, metric, number, key, slot, present, removed, dim, several = _HEAD.unpack_from(head)
    if letters != b"usearch":
        raise file.error("the head", "is not that of an index of USearch")
    numbers = _NUMBERS.get(number)
    if numbers is None:
        other = _OTHER_NUMBERS.get(number, f"type {number}")
        raise file.error("the head", f"says that numbers are {other}, which is not read")
    if key != _U64_KEYS or slot not in _SLOT_BYTES:
        raise file.error("the head", f"says that keys are of type {key}; only u64 is read")
    name = _METRICS.get(chr(metric))
    if name is None:
        raise file.error("the head", f"says that the metric is number {metric}")
    bits = np.dtype(numbers.kind).itemsize * 8
    expected = -(-dim // 8) if numbers.name == "bit" else dim * bits // 8
    if width != expected or not dim:
        raise file.error(
            "the head", f"says {dim:,} dimensions of {numbers.name}; a vector has {width:,} bytes"
        )
    if present + removed != count:
        raise file.error(
            "the head", f"says {present:,} keys and {removed:,} removed ones of {count:,} vectors"
        )
    place += _HEAD_BYTES
    nodes, M, lowest, _, entry = file.numbers_at(place, "<5Q", "the head of the graph")
    if nodes != count or (count and entry >= count) or max(M, lowest) > file.size:
        raise file.error(
            "the head of the graph", f"says {nodes:,} nodes for {count:,} vectors, entry {entry:,}"
        )
    width_of_link = _SLOT_BYTES[slot]
    layout = _Layout(
        count,
        width,
        removed,
        dim,
        name,
        numbers,
        bool(several),
        M,
        levels=place + _GRAPH.size,
        node=_KEY_BYTES + 2 + 4 + lowest * width_of_link,
        level=4 + M * width_of_link,
    )
    _require_end(file, layout)
    return layout


def _require_end(file: ByteFile, layout: _Layout) -> None:
    """Refuse a file that does not end where the last node ends."""
    end = layout.levels + layout.count * (2 + layout.node)
    for _, levels in file.parts(layout.levels, "<i2", layout.count, 1, _PART, "the levels"):
        end += int(levels.sum(dtype=np.int64)) * layout.level
    if end != file.size:
        raise file.error(
            "the end", f"of the nodes is at byte {end:,}; the file has {file.size:,} bytes"
        )


def _open(place: Place) -> Source:
    file = ByteFile(place.require_file(FORMAT.name))
    layout = _layout(file)
    own = layout.metric in _OWN
    info = SourceInfo(
        format=FORMAT.name,
        version="Index",
        path=place.text,
        count=layout.count - layout.removed,
        deleted=layout.removed,
        dim=layout.width * 8 if layout.numbers.name == "bit" else layout.dim,
        numbers=layout.numbers.name,
        dtype=dtype_for(layout.numbers.name),
        metric=layout.metric if own else None,
        convention="usearch" if own else "native",
        ids="int",
        index=graph_index(layout.M),
        notes=(*_notes(layout), *rounding_note(layout.numbers.name)),
    )
    return UsearchSource(info, file, layout)


def _notes(layout: _Layout) -> Iterator[str]:
    """What was lost or changed when the index was made."""
    name = layout.numbers.name
    if layout.metric not in _OWN:
        yield f"the index was built for {layout.metric}, which vdb does not have"
    if name == "int8":
        yield "int8 numbers that were made of floats are those of unit vectors, times 127"
    if name in ("float16", "bfloat16"):
        yield f"float32 numbers were rounded to {name} when they were added"
    if name == "bit" and layout.dim % 8:
        yield f"vectors of {layout.dim:,} bits are padded to whole bytes"
    if layout.several:
        yield "a key can have several vectors"


def _recognise(place: Place) -> bool:
    """By the letters behind the vectors, which are read from the file."""
    if place.file is None or len(place.head) < _MATRIX.size:
        return False
    count, width = _MATRIX.unpack_from(place.head)
    offset = _MATRIX.size + count * width
    if offset + 7 <= len(place.head):
        return place.head[offset : offset + 7] == b"usearch"
    try:
        with place.file.open("rb") as file:
            file.seek(offset)
            return file.read(7) == b"usearch"
    except (OSError, ValueError, OverflowError):  # a place that no file has
        return False


FORMAT = SourceFormat(
    name="usearch",
    title="indexes of USearch",
    kind="index",
    recognise=_recognise,
    open=_open,
    versions="USearch 2.26.6",
    holds="the metric, keys, vectors as f64, f32, f16, bf16, i8, u8 or bits, marks of removal, M",
    lacks="ef_construction; the lengths of vectors made i8; what f16 and bf16 rounded off",
    metric="in the file",
)
