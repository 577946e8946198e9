"""HDF5 files: those of ann-benchmarks and VIBE, and any other with a matrix in it.

A benchmark has the vectors in `train`, queries in `test`, the row numbers of their neighbors in
`neighbors`; its attribute `distance` is the metric: "angular", "cosine" and "normalized" (cosine),
"euclidean" (l2), "hamming", "ip" (https://github.com/erikbern/ann-benchmarks, and VIBE's
vibe/datasets.py). Bits are bool in the first and packed bytes in the second.

What a file keeps in other files is not read, and rows that were never written are not made up.

HDF5 can end the process on damage, take memory without end, or never come back: texts of any length
lie in heaps whose lengths it believes. A trial within limits reads the head first, and texts that
are ids; blocks are looked at before HDF5 unpacks them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError, SourceError
from vdb.model.arguments import shown
from vdb.sources.batch import SourceBatch
from vdb.sources.data.array_ids import id_kind, ids_of
from vdb.sources.info import IdKind, SourceInfo
from vdb.sources.reading.arrow_source import damage_told
from vdb.sources.reading.hdf5_blocks import Hdf5Blocks
from vdb.sources.reading.libraries import needed
from vdb.sources.reading.number_types import SAID, dtype_for, native, numbers_of, rounding_note
from vdb.sources.reading.records_beside import RECORD_OPTIONS, with_exported_records
from vdb.sources.reading.trial import TRIAL, Limits, require_survival
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

MAGIC: Final = b"\x89HDF\r\n\x1a\n"
METRICS: Final = {
    "angular": "cosine",
    "cosine": "cosine",
    "normalized": "cosine",
    "euclidean": "l2",
    "hamming": "hamming",
    "ip": "ip",
    "dot": "ip",
}
_DEEPEST: Final = 8  # groups in groups
_BITS: Final = ("bool", "bit", "offset-bit")
_SECONDS: Final = 10
_MEMORY: Final = 256 << 20
_BYTES_PER_SECOND: Final = 8 << 20  # that any machine reads
_MOST_PACKED: Final = 4  # bytes in memory for one of the file
"""The limits of a trial; those of all rows grow with the file, never with a number in it."""


class Hdf5Source(Source):
    """One matrix, with the ids and the queries beside it."""

    __slots__ = ("_file", "_ids", "_numbers", "_vectors")

    def __init__(
        self, info: SourceInfo, file: _File, vectors: str, numbers: str, ids: str | None
    ) -> None:
        super().__init__(info, file.close)
        self._file, self._vectors, self._numbers, self._ids = file, vectors, numbers, ids

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        for start in range(0, self.info.count or 0, rows):
            part = native(self._file.read(self._vectors, start, rows), self._numbers)
            numbers = np.arange(start, start + len(part))
            ids: Any = numbers
            if self._ids is not None:
                ids = ids_of(_texts(self._file.read(self._ids, start, rows)))
            yield SourceBatch(numbers, ids, part)

    def ground_truth(self) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
        """`test` and `neighbors`, where a file has them."""
        if self._vectors != "train" or not {"test", "neighbors"} <= self._file.names.keys():
            return None
        self._file.require_stored("test")
        self._file.require_stored("neighbors")
        queries = native(self._file.read("test"), self._numbers)
        rows = self._file.read("neighbors").astype(np.int64)
        if len(rows) != len(queries) or queries.ndim != 2 or rows.ndim != 2:
            text = f"have the shapes {queries.shape} and {rows.shape}"
            raise self._file.error("test and neighbors", text)
        return queries, rows


class _File:
    """One file, through h5py.

    Attributes:
        names: Its datasets that are in it, by their paths, with shapes and dtypes.
    """

    def __init__(self, path: Path) -> None:
        self._h5py = needed("h5py", "h5py", "reading HDF5 files")
        self.path = path
        self.names: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
        self._blocks: dict[str, Hdf5Blocks] = {}
        with damage_told(str(path), "the head"):
            self._file = self._h5py.File(path, "r", locking=False)
            self._walk(self._file, "")

    def _walk(self, group: Any, prefix: str, depth: int = 0) -> None:
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, self._h5py.HardLink):
                continue
            kind = group.get(name, getclass=True)
            if kind is self._h5py.Dataset:
                found = group[name]
                if found.shape is not None and not found.is_virtual and not found.external:
                    self.names[f"{prefix}{name}"] = found.shape, found.dtype
            elif kind is self._h5py.Group and depth < _DEEPEST:
                self._walk(group[name], f"{prefix}{name}/", depth + 1)

    def attribute(self, name: str) -> str | None:
        """An attribute as text; None where there is none."""
        with damage_told(str(self.path), f"the attribute {name}"):
            value = self._file.attrs.get(name)
        if isinstance(value, bytes | np.bytes_):
            return value.decode("utf-8", "replace")
        return None if value is None else str(value)

    def require_stored(self, name: str) -> None:
        """Refuse a dataset with rows that were never written, which HDF5 would make up."""
        with damage_told(str(self.path), name):
            dataset = self._file[name]
            if dataset.chunks is not None:
                self._blocks[name] = blocks = Hdf5Blocks(dataset)
                blocks.require_stored(_MEMORY + _MOST_PACKED * self.path.stat().st_size)
                return
            there = dataset.id.get_storage_size()
        if there < dataset.nbytes:
            raise self.error(name, f"has {there:,} bytes of {dataset.nbytes:,}")

    def read(self, name: str, start: int = 0, rows: int | None = None) -> NDArray[Any]:
        """Some rows of a dataset; all of them by default."""
        place = name if rows is None else f"{name}, row {start:,}"
        with damage_told(str(self.path), place):
            dataset = self._file[name]
            stop = len(dataset) if rows is None else min(start + rows, len(dataset))
            if name in self._blocks:
                self._blocks[name].require_sound(start, stop)
            part: NDArray[Any] = dataset[start:stop]
        return part

    def error(self, place: str, reason: str) -> SourceError:
        """The error for something that the file cannot be meant to say."""
        return SourceError(f"{self.path}: {place}: {reason}", path=str(self.path), place=place)

    def close(self) -> None:
        """Close it."""
        self._file.close()


def _open(
    place: Place,
    *,
    vectors: str | None = None,
    ids: str | None = None,
    numbers: str | None = None,
    records: Path | None = None,
    id: str | None = None,  # noqa: A002 - a name of the public face
    trial: bool = True,
) -> Source:
    path = place.require_file(FORMAT.name)
    options = {"vectors": vectors, "ids": ids, "numbers": numbers, "records": "none"}
    if trial:
        needed("h5py", "h5py", "reading HDF5 files")
        limits = Limits(_SECONDS, _MEMORY)
        require_survival(FORMAT.name, place, options, part="the head", limits=limits, head=True)
    file = _File(path)
    name = _vectors(file, vectors)
    (rows, columns), kind = _matrix(file, name)
    distance = file.attribute("distance") if name == "train" else None
    metric = METRICS.get(str(distance))
    if numbers is None and kind == np.uint8 and file.attribute("point_type") == "binary":
        numbers = "bit"
    stored = numbers_of(kind, numbers, name)
    bits = stored in _BITS
    listed = "bit" if bits else stored
    file.require_stored(name)
    if metric == "hamming" and not bits:
        raise file.error(name, f"holds {stored}, and the distance is {distance}")
    notes = rounding_note(listed)
    if distance is not None and metric is None:
        notes += (f"the distance of the file is {distance}, which is none of vdb's metrics",)
    info = SourceInfo(
        format=FORMAT.name,
        version=None if distance is None else f"distance {distance}",
        path=place.text,
        count=rows,
        dim=-(-columns // 8) * 8 if stored == "bool" else 8 * columns if bits else columns,
        numbers=listed,
        dtype=dtype_for(listed),
        metric=metric,
        ids="row" if ids is None else _id_kind(file, ids, rows),
        notes=notes,
    )
    source = Hdf5Source(info, file, name, stored, ids)
    if trial and ids is not None and file.names[ids][1].kind == "O":
        size = path.stat().st_size
        limits = Limits(_SECONDS + size // _BYTES_PER_SECOND, _MEMORY + _MOST_PACKED * size)
        require_survival(FORMAT.name, place, options, part="the rows", limits=limits)
    return source if ids is not None else with_exported_records(source, path, records, id)


def _vectors(file: _File, name: str | None) -> str:
    """The dataset of the vectors: the one that is named, `train`, or the only matrix."""
    matrices = [one for one, (shape, _) in file.names.items() if len(shape) == 2]
    if name is None and "train" in file.names:
        name = "train"
    if name is None and len(matrices) == 1:
        (name,) = matrices
    name = None if name is None else name.strip("/")
    if name in file.names:
        return name
    shapes = ", ".join(f"{one} {shape}" for one, (shape, _) in file.names.items())
    which = "" if name is None else f", and {shown(name)} is none in it"
    raise InvalidArgumentError(
        f"vectors= names a dataset of {file.path.name}: {shapes}{which}",
        expected=tuple(file.names),
        received=name,
    )


def _matrix(file: _File, name: str) -> tuple[tuple[int, int], np.dtype[Any]]:
    shape, kind = file.names[name]
    if len(shape) != 2 or not shape[1]:
        sparse = "; lists of numbers of sparse vectors are not read" if len(shape) == 1 else ""
        raise InvalidArgumentError(
            f"{name} has the shape {shape}; vectors are (rows, dim){sparse}",
            expected="(rows, dim)",
            received=shape,
        )
    return (shape[0], shape[1]), kind


def _id_kind(file: _File, name: str, rows: int) -> IdKind:
    shape, kind = file.names.get(name, ((), np.dtype("V1")))
    if shape not in ((rows,), (rows, 1)):
        raise InvalidArgumentError(
            f"ids: {shown(name)} is no dataset of {rows:,} ids; there are {', '.join(file.names)}",
            expected=(rows,),
            received=shape,
        )
    file.require_stored(name)
    return "str" if kind.kind == "O" else id_kind(kind, name)


def _texts(part: NDArray[Any]) -> NDArray[Any]:
    """Texts of any length come as objects of bytes."""
    if part.dtype.kind != "O":
        return part
    values = [one if isinstance(one, bytes) else str(one).encode() for one in part.reshape(-1)]
    return np.array(values, dtype=np.bytes_)


def _recognise(place: Place) -> bool:
    return place.file is not None and place.head.startswith(MAGIC)


FORMAT = SourceFormat(
    name="hdf5",
    title="HDF5: the data sets of ann-benchmarks and VIBE, and other files with a matrix",
    kind="data",
    recognise=_recognise,
    open=_open,
    options=(
        Option("vectors", "the dataset of the vectors; else train, or the only matrix"),
        Option("ids", "the dataset of the ids"),
        Option("numbers", "what bytes stand for whose type the file does not say", choices=SAID),
        *RECORD_OPTIONS,
        TRIAL,
    ),
    library="h5py",
    versions="h5py 3.16.0, in the layouts of ann-benchmarks and VIBE",
    holds="the vectors, queries and their true neighbours, the metric of a benchmark",
    lacks="payloads; ids, unless a dataset has them; the metric of other files; blocks that are "
    "packed by other filters than gzip, lzf, shuffle and fletcher32",
    metric="in the attribute distance; of other files asked",
)
