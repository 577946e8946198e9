"""Records of a graph as hnswlib lays them out; Voyager's files have the same behind a head.

Little-endian: u64 0, capacity, count, bytes of a record, offset of the label in it, offset of the
vector; i32 highest level; u32 entry point; u64 links of an upper level and of the lowest, M; f64
level multiplier; u64 ef_construction. Then the records: links, vector, label. Then for each record
u32 bytes of its upper links, and these. Source: hnswalg.h of hnswlib 0.8.0.

A record that was deleted has bit 0x01 of byte 2 set, and stays.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.model.config import HNSW
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.graph_parameters import graph_index

__all__ = [
    "HEAD",
    "LABEL",
    "RecordLayout",
    "RecordPart",
    "graph_layout",
    "is_graph",
    "live_records",
    "record_parts",
]

HEAD: Final = struct.Struct("<6QiI3QdQ")
LABEL: Final = 8
_DELETED: Final = 1
_MARK: Final = 2
"""The byte of a record that has the mark of deletion."""


@dataclass(frozen=True, slots=True)
class RecordLayout:
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
    def end(self) -> int:
        """The byte behind the last record."""
        return self.first + self.count * self.width

    @property
    def index(self) -> HNSW | None:
        """The parameters as a collection can have them."""
        return graph_index(self.M, self.ef_construction) if self.graph else None


class RecordPart(NamedTuple):
    """Some records.

    Attributes:
        rows: Their numbers, int64 (n,).
        labels: u64 (n,).
        vectors: Their bytes (n, bytes of a vector).
        deleted: Which of them are deleted, bool (n,).
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.uint64]
    vectors: NDArray[np.uint8]
    deleted: NDArray[np.bool_]


def record_parts(file: ByteFile, layout: RecordLayout, rows: int) -> Iterator[RecordPart]:
    """All records, at most `rows` at a time."""
    parts = file.parts(layout.first, np.uint8, layout.count, layout.width, rows, "the records")
    for start, part in parts:
        deleted = np.zeros(len(part), np.bool_)
        if layout.graph:
            deleted = (part[:, _MARK] & _DELETED).astype(np.bool_)
        yield RecordPart(
            np.arange(start, start + len(part)),
            part[:, layout.label : layout.label + LABEL].copy().view("<u8")[:, 0],
            part[:, layout.vector : layout.label].copy(),
            deleted,
        )


def live_records(file: ByteFile, layout: RecordLayout, rows: int) -> int:
    """Records that are not deleted, counted `rows` at a time."""
    return sum(int((~part.deleted).sum()) for part in record_parts(file, layout, rows))


def is_graph(head: bytes) -> bool:
    """Whether bytes begin with the head of a graph."""
    if len(head) < HEAD.size:
        return False
    zero, _, _, width, label, vector, _, _, upper, lowest, M, _, _ = HEAD.unpack_from(head)
    return bool(
        zero == 0
        and width == label + LABEL
        and vector < label
        and vector == 4 + 4 * lowest == 4 + 8 * M
        and upper == M > 0
    )


def graph_layout(file: ByteFile, start: int = 0) -> RecordLayout | None:
    """The layout of a graph whose head begins at `start`; None if there is no such head.

    Raises:
        SourceError: There is, and the file is shorter or longer than it says.
    """
    if file.size < start + HEAD.size:
        return None
    head = file.bytes_at(start, HEAD.size, "the head")
    if not is_graph(head):
        return None
    _, capacity, count, width, label, vector, level, entry, _, _, M, _, ef = HEAD.unpack(head)
    first = start + HEAD.size
    layout = RecordLayout(first, count, width, vector, label, True, M, ef)
    if count > capacity or layout.end > file.size:
        raise file.error(
            "the head",
            f"says {count:,} of {capacity:,} records of {width:,} bytes; the file has "
            f"{file.size:,} bytes",
        )
    if count and (entry >= count or level < 0):
        raise file.error("the head", f"says that the entry point is record {entry:,} of {count:,}")
    if not ef:
        raise file.error("the head", "says that ef_construction is 0")
    _require_end(file, layout, 4 * M + 4)
    return layout


def _require_end(file: ByteFile, layout: RecordLayout, level_bytes: int) -> None:
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
