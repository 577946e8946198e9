"""Indexes of SVS (Scalable Vector Search), as `Vamana.save` and `DynamicVamana.save` write them.

`save` is given a directory for parameters, one for the graph and one for the data; each has a file
svs_config.toml, whose object says by its schema what it is. Data of plain vectors names its file:
8 bytes that are its own, 16 of a UUID, u64 vectors, u64 dimensions, and from byte 1,024 the
numbers, little-endian. The parameters of a DynamicVamana name a file of ids: u64 id and u32 row,
in no order. The distance is in none of them. Source: include/svs/core/io of SVS 0.5.0.
"""

from __future__ import annotations

import importlib
import struct
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.errors import DiskError, SourceError
from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.number_types import dtype_for, signed_or_large
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "SvsSource"]

_CONFIG: Final = "svs_config.toml"
_MOST_CONFIG: Final = 1 << 20  # bytes
_DATA: Final = "uncompressed_data"
_DYNAMIC: Final = "vamana_dynamic_auxiliary_parameters"
_HEAD: Final = struct.Struct("<8s16s2Q")
_LETTERS: Final = bytes.fromhex("fe809957b2a6d4ca")
_FIRST: Final = 1024
_PAIR: Final = np.dtype([("id", "<u8"), ("row", "<u4")])
_NUMBERS: Final = ("float32", "float16", "int8", "uint8")
_DISTANCES: Final = {"l2": "L2", "ip": "MIP", "cosine": "Cosine"}


class _Config(NamedTuple):
    """One svs_config.toml: its directory and its object."""

    directory: Path
    file: ByteFile
    object: dict[str, Any]

    @property
    def schema(self) -> str:
        return str(self.object.get("__schema__", "none"))

    def number(self, name: str) -> int:
        """A whole number of the object."""
        value = self.object.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 48:
            raise self.file.error(name, f"is {value!r:.40}, no number of vectors or dimensions")
        return value

    def sibling(self, values: dict[str, Any], name: str) -> Path:
        """The file of the directory that a value names."""
        value = values.get(name)
        if not isinstance(value, str) or not value or Path(value).name != value:
            raise self.file.error(name, f"is {value!r:.60}, no name of a file beside it")
        return self.directory / value


class SvsSource(Source):
    """One directory of data, with the ids of another one."""

    __slots__ = ("_data", "_file", "_ids")

    def __init__(
        self, info: SourceInfo, data: Path, file: ByteFile, ids: NDArray[np.uint64] | None
    ) -> None:
        """`ids` by rows."""
        super().__init__(info, file.close)
        self._data, self._file, self._ids = data, file, ids

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        info = self.info
        kind = np.dtype(info.numbers).newbyteorder("<")
        matrix = _FIRST, kind, info.count or 0, info.dim or 0
        for start, part in self._file.parts(*matrix, rows, "the vectors"):
            numbers = np.arange(start, start + len(part))
            ids = numbers
            if self._ids is not None:
                ids = signed_or_large(self._ids[start : start + len(part)])
            yield SourceBatch(numbers, ids, part)

    def _library(self, metric: str) -> Engine | None:
        """SVS, with a flat index of the data."""
        if self.info.numbers not in ("float32", "float16"):
            return None
        return _Library(self._data, self.info.numbers, metric, self._ids)


class _Library:
    """SVS itself, with a flat index of the data."""

    exact = True

    def __init__(
        self, data: Path, numbers: str, metric: str, ids: NDArray[np.uint64] | None
    ) -> None:
        svs = importlib.import_module("svs")
        self.name = version_of("scalable-vs")
        loader = svs.VectorDataLoader(str(data), getattr(svs.DataType, numbers))
        self._index = svs.Flat(loader, getattr(svs.DistanceType, _DISTANCES[metric]))
        self._count: int = self._index.size
        self._ids = ids

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`; what SVS pads an answer with is cut off."""
        k = min(k, self._count)
        rows, scores = self._index.search(np.ascontiguousarray(queries, np.float32), k)
        ids = rows if self._ids is None else self._ids[rows]
        return [Answer(one.tolist(), values) for one, values in zip(ids, scores, strict=True)]


def _open(place: Place, config: Path | None = None) -> Source:
    path = place.require_directory(FORMAT.name)
    configs = _configs(path)
    if config is not None:
        configs = [one for one in configs if one.schema != _DYNAMIC] + _configs(config)
    data = [one for one in configs if one.schema == _DATA]
    if len(data) != 1:
        text = ", ".join(sorted({one.schema for one in configs})) or "none"
        raise configs[0].file.error(
            "the schema",
            f"is one of {text}; {len(data)} directories of {_DATA} are there, and one is read: "
            "open that of the data, with config= for that of the parameters",
        )
    file, numbers = _vectors(data[0])
    count, dim = data[0].number("num_vectors"), data[0].number("dims")
    dynamic = [one for one in configs if one.schema == _DYNAMIC]
    if len(dynamic) > 1:
        raise dynamic[1].file.error("the schema", "is that of a second DynamicVamana")
    ids = _ids(dynamic[0], count) if dynamic else None
    alone = len(configs) == 1
    notes = ("ids are row numbers; those of a DynamicVamana are in its config",) if alone else ()
    info = SourceInfo(
        format=FORMAT.name,
        version="DynamicVamana" if dynamic else _DATA,
        path=place.text,
        count=count,
        dim=dim,
        numbers=numbers,
        dtype=dtype_for(numbers),
        metrics=tuple(_DISTANCES),
        convention="svs",
        ids="int" if dynamic else "row",
        notes=notes,
    )
    return SvsSource(info, data[0].directory, file, ids)


def _configs(directory: Path) -> list[_Config]:
    """The one of this directory, or those of the directories in it."""
    places = [directory]
    if not (directory / _CONFIG).is_file():
        places = sorted(one for one in directory.iterdir() if (one / _CONFIG).is_file())
    configs = []
    for place in places:
        file = ByteFile(place / _CONFIG)
        if file.size > _MOST_CONFIG:
            raise file.error("the file", f"has {file.size:,} bytes")
        try:
            values = tomllib.loads(file.bytes_at(0, file.size, "the file").decode())
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise file.error("the file", f"is no TOML: {error}") from error
        made = values.get("object")
        if not isinstance(made, dict):
            raise file.error("object", "is not there")
        configs.append(_Config(place, file, made))
    if not configs:
        raise SourceError(
            f"{directory}: {_CONFIG}: is neither there nor in a directory below",
            path=str(directory),
            place=_CONFIG,
        )
    return configs


def _vectors(data: _Config) -> tuple[ByteFile, str]:
    """The file of the vectors, whose head and size are those that its config says."""
    numbers = data.object.get("eltype")
    if numbers not in _NUMBERS:
        raise data.file.error("eltype", f"is {numbers!r:.40}; {', '.join(_NUMBERS)} are read")
    count, dim = data.number("num_vectors"), data.number("dims")
    file = ByteFile(data.sibling(data.object, "binary_file"))
    letters, _, rows, columns = _HEAD.unpack(file.bytes_at(0, _HEAD.size, "the head"))
    if letters != _LETTERS:
        raise file.error("the head", "is not that of a file of SVS")
    size = _FIRST + count * dim * np.dtype(numbers).itemsize
    if (rows, columns) != (count, dim) or not dim or size != file.size:
        raise file.error(
            "the head",
            f"says {rows:,} vectors of {columns:,} numbers, the config {count:,} of {dim:,} of "
            f"{numbers}, which make {size:,} bytes; the file has {file.size:,}",
        )
    return file, str(numbers)


def _ids(config: _Config, count: int) -> NDArray[np.uint64]:
    """The ids of a DynamicVamana by rows.

    Raises:
        SourceError: They are not one for each row.
    """
    translation = config.object.get("translation")
    if not isinstance(translation, dict):
        raise config.file.error("translation", "is not there")
    kinds = translation.get("external_id_type"), translation.get("internal_id_type")
    if kinds != ("uint64", "uint32"):
        raise config.file.error("translation", f"is of types {kinds!r:.60}")
    file = ByteFile(config.sibling(translation, "filename"))
    pairs = file.size // _PAIR.itemsize
    if pairs != count or file.size % _PAIR.itemsize:
        raise file.error("the ids", f"have {file.size:,} bytes for {count:,} vectors")
    table = file.array_at(0, _PAIR, count, "the ids")
    file.close()
    if not np.array_equal(np.sort(table["row"]), np.arange(count)):
        raise file.error("the ids", "are not one for each row")
    ids = np.empty(count, np.uint64)
    ids[table["row"]] = table["id"]
    return ids


def _recognise(place: Place) -> bool:
    """A directory with such a config, or with directories of which one is for data."""
    directory = place.directory
    if directory is None:
        return False
    try:
        return any(one.schema == _DATA for one in _configs(directory))
    except (DiskError, SourceError, OSError):
        return False


FORMAT = SourceFormat(
    name="svs",
    title="indexes of SVS (Scalable Vector Search): Vamana, DynamicVamana, plain vectors",
    kind="index",
    recognise=_recognise,
    open=_open,
    options=(
        Option(
            "config",
            "the directory of the parameters, where it is not beside that of the data",
            kind="path",
        ),
    ),
    versions="scalable-vs 0.5.0",
    holds="vectors as float32, float16, int8 or uint8, the ids of a DynamicVamana",
    lacks="the distance; compressed vectors (LVQ, LeanVec), which are refused",
    metric="asked",
)
