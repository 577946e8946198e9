"""Indexes of hannoy: folders of LMDB, in whose unnamed database an index has a number.

A key is big-endian: u16 index, u8 kind, u32 id, u8 level. Kind 0 with id 0 is about the index: the
distance and a NUL, u32 dimensions, u32 bytes of a bitmap of ids, and so on. Kind 3 is an item: u8
0, then little-endian by the distance float32 and the numbers, or u64 and u64s of bits, the first
bit lowest. Source: key.rs, metadata.rs and node.rs of hannoy 0.1.3.
"""

from __future__ import annotations

import importlib
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.errors import DiskError, SourceError
from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.lmdb_file import LmdbFile
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "HannoySource"]

_KEY: Final = struct.Struct(">HBIB")
_ABOUT: Final = 0
_ITEM: Final = 3
_BITS: Final = "binary quantized "
_MOST_INDEXES: Final = 1 << 16
_REVERSED: Final = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8), bitorder="little"))


class _Distance(NamedTuple):
    """A distance: the metric, the convention, the bytes before the vector, the library's name."""

    metric: str
    convention: str
    before: int
    name: str
    bits: bool = False


_DISTANCES: Final = {
    "cosine": _Distance("cosine", "hannoy", 5, "COSINE"),
    "euclidean": _Distance("l2", "hannoy", 5, "EUCLIDEAN"),
    "manhattan": _Distance("l1", "native", 5, "MANHATTAN"),
    "hamming": _Distance("hamming", "native", 9, "HAMMING", bits=True),
}


class HannoySource(Source):
    """One index."""

    __slots__ = ("_dim", "_directory", "_distance", "_file", "_index")

    def __init__(  # noqa: PLR0917 - a file and what is in it
        self, info: SourceInfo, directory: Path, file: LmdbFile, index: int, distance: _Distance,
        dim: int,
    ) -> None:  # fmt: skip
        super().__init__(info, file.close)
        self._directory, self._file, self._index = directory, file, index
        self._distance, self._dim = distance, dim

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        distance, start = self._distance, 0
        numbers = 8 * -(-self._dim // 64) if distance.bits else 4 * self._dim
        ids: list[int] = []
        blocks: list[bytes] = []
        for key, value in self._items():
            _, _, number, level = _KEY.unpack(key)
            if level or len(value) != distance.before + numbers or value[0]:
                raise self._file.error(
                    f"item {number:,}",
                    f"of level {level} has {len(value):,} bytes, and {self._dim:,} dimensions for "
                    f"{distance.name} need {distance.before + numbers:,}",
                )
            ids.append(number)
            blocks.append(value[distance.before :])
            if len(ids) == rows:
                yield self._batch(start, ids, blocks)
                start += len(ids)
                ids, blocks = [], []
        if ids:
            yield self._batch(start, ids, blocks)

    def _items(self) -> Iterator[tuple[bytes, bytes]]:
        first = _KEY.pack(self._index, _ITEM, 0, 0)
        for key, value in self._file.items(first, _KEY.pack(self._index, _ITEM + 1, 0, 0)):
            if len(key) != _KEY.size:
                raise self._file.error("an item", f"has a key of {len(key):,} bytes")
            yield key, value

    def _batch(self, start: int, ids: list[int], blocks: list[bytes]) -> SourceBatch:
        stored = np.frombuffer(b"".join(blocks), np.uint8).reshape(len(ids), -1)
        rows = np.arange(start, start + len(ids))
        if self._distance.bits:
            vectors: NDArray[Any] = _REVERSED[stored[:, : -(-self._dim // 8)]]
        else:
            vectors = stored.view("<f4")
        return SourceBatch(rows, np.array(ids, np.int64), vectors)

    def _library(self, metric: str) -> Engine | None:  # noqa: ARG002 - of the file
        """hannoy, with the folder opened.

        None where this process has hannoy in use already: all its later databases are the first.
        """
        directory = self._directory.resolve()
        used = "hannoy" in sys.modules and _Library.directory != directory
        if self.info.convention == "native" or used:
            return None
        return _Library(directory, self._distance.name, self._index)


class _Library:
    """hannoy itself, with the one folder that a process can open."""

    exact = False
    directory: Path | None = None

    def __init__(self, directory: Path, distance: str, index: int) -> None:
        hannoy = importlib.import_module("hannoy")
        type(self).directory = directory
        self.name = version_of("hannoy")
        metric = getattr(hannoy.Metric, distance)
        self._reader = hannoy.Database(str(directory), metric).reader(index)

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`, with ef 200."""
        rows = self._reader.by_array(np.ascontiguousarray(queries, np.float32), k, 200)
        return [Answer([one for one, _ in row], [score for _, score in row]) for row in rows]


def _open(place: Place, index: int | None = None) -> Source:
    path = place.require_directory(FORMAT.name)
    file = LmdbFile(path / "data.mdb")
    about = dict(_indexes(file))
    if not about:
        raise file.error("the unnamed database", "has no index of hannoy")
    if index is None:
        if len(about) > 1:
            which = ", ".join(map(str, about))
            raise FORMAT.needs("index", f"{place.text} has the indexes {which}")
        index = next(iter(about))
    if index not in about:
        raise file.error(
            f"index {index:,}", f"is not there; there are {', '.join(map(str, about))}"
        )
    name, dim = about[index]
    distance = _DISTANCES.get(name)
    if distance is None:
        raise file.error(
            f"index {index:,}", f"is for {name!r:.60}; {', '.join(_DISTANCES)} are read"
        )
    notes = {
        "manhattan": "hannoy's distances for manhattan have no convention here",
        "hamming": "of each number one bit was kept, whether it is above 0",
    }
    info = SourceInfo(
        format=FORMAT.name,
        version=f"{name}, index {index}",
        path=place.text,
        count=None,
        dim=8 * -(-dim // 8) if distance.bits else dim,
        numbers="bit" if distance.bits else "float32",
        dtype="bit" if distance.bits else "float32",
        metric=distance.metric,
        convention=distance.convention,
        ids="int",
        vectors="quantized" if distance.bits else "exact",
        notes=(notes[name],) if name in notes else (),
    )
    return HannoySource(info, path, file, index, distance, dim)


def _indexes(file: LmdbFile) -> Iterator[tuple[int, tuple[str, int]]]:
    """The numbers of the indexes, with the distance and the dimensions of each."""
    index = 0
    while index < _MOST_INDEXES:
        key, value = next(file.items(_KEY.pack(index, 0, 0, 0), b"\xff" * 9), (b"", b""))
        if not key:
            return
        if len(key) != _KEY.size:
            raise file.error("the unnamed database", f"has a key of {len(key):,} bytes")
        index, kind, number, level = _KEY.unpack(key)
        name, nul, rest = value.partition(b"\0")
        if (kind, number, level) != (_ABOUT, 0, 0) or not nul or len(rest) < 4:
            raise file.error(f"index {index:,}", "does not say its distance and dimensions")
        (dim,) = struct.unpack_from(">I", rest)
        if not dim:
            raise file.error(f"index {index:,}", "says 0 dimensions")
        yield index, (name.decode("latin-1"), dim)
        index += 1


def _recognise(place: Place) -> bool:
    """A folder of LMDB whose first key is an index's."""
    if place.directory is None or not (place.directory / "data.mdb").is_file():
        return False
    try:
        file = LmdbFile(place.directory / "data.mdb")
        about = next(_indexes(file), None)
        file.close()
    except (DiskError, SourceError):
        return False
    name = "" if about is None else about[1][0]
    return name in _DISTANCES or name.startswith(_BITS)


FORMAT = SourceFormat(
    name="hannoy",
    title="indexes of hannoy",
    kind="index",
    recognise=_recognise,
    open=_open,
    options=(Option("index", "the number of the index", kind="int"),),
    versions="hannoy 0.1.3",
    holds="the distance, ids, vectors as they were given",
    lacks="M and ef; binary quantized distances, which have a bit of each number, are refused",
    metric="in the file",
)
