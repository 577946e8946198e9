"""Arrays of numpy: .npy and .npz, with the ids and payloads that lie beside them.

Beside NAME.npy may lie NAME.jsonl, a JSON object for each row: its id and its payload. `vdb export`
also writes NAME.json, the schema of the collection; records without a vector have a line that says
"vector": null, and no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError, SourceError, VdbError
from vdb.model.arguments import at_home, shown
from vdb.sources.batch import SourceBatch
from vdb.sources.data.array_ids import id_kind, ids_of
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.lines_beside import beside
from vdb.sources.reading.npy_array import (
    MAGIC,
    ArrayHead,
    FileRows,
    RowCursor,
    file_head,
)
from vdb.sources.reading.npz_file import NpzFile
from vdb.sources.reading.number_types import SAID, dtype_for, native, numbers_of, rounding_note
from vdb.sources.reading.records_beside import (
    RECORD_OPTIONS,
    schema_beside,
    with_records,
    with_schema_beside,
)
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

_ZIP: Final = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class _Array:
    """An array in a file: its head, and its rows anew."""

    name: str
    head: ArrayHead
    rows: Callable[[], RowCursor]


class NpySource(Source):
    """One array of vectors, with an array of ids or without."""

    __slots__ = ("_array", "_decode", "_ids")

    def __init__(
        self,
        info: SourceInfo,
        array: _Array,
        decode: Callable[[NDArray[Any]], NDArray[Any]],
        close: Callable[[], None],
        *,
        ids: _Array | None = None,
    ) -> None:
        super().__init__(info, close)
        self._array, self._decode, self._ids = array, decode, ids

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        vectors = self._array.rows()
        ids = None if self._ids is None else self._ids.rows()
        while vectors.place < vectors.rows:
            numbers = np.arange(vectors.place, min(vectors.place + rows, vectors.rows))
            part = self._decode(vectors.take(rows))
            yield SourceBatch(numbers, numbers if ids is None else self._ids_of(ids, rows), part)

    def _ids_of(self, cursor: RowCursor, rows: int) -> Any:
        place = f"the ids from row {cursor.place:,} on"
        try:
            return ids_of(cursor.take(rows))
        except VdbError:
            raise
        except ValueError as error:  # texts of code points that there are not
            path = self.info.path
            raise SourceError(f"{path}: {place}: {error}", path=path, place=place) from error

    def _id_records(self, rows: int) -> Iterator[SourceBatch]:
        count = self._array.head.shape[0]
        ids = None if self._ids is None else self._ids.rows()
        for start in range(0, count, rows):
            numbers = np.arange(start, min(start + rows, count))
            none = np.empty((len(numbers), 0), np.float32)
            yield SourceBatch(numbers, numbers if ids is None else self._ids_of(ids, rows), none)


def _open(
    place: Place,
    *,
    array: str | None = None,
    ids: str | None = None,
    records: Path | None = None,
    id: str | None = None,  # noqa: A002 - a name of the public face
    numbers: str | None = None,
    ranges: Path | None = None,
) -> Source:
    path = place.require_file(FORMAT.name)
    schema = None
    if place.head.startswith(_ZIP):
        archive = NpzFile(path)
        close = archive.close
        chosen = _member(archive, array)
        id_array = None if ids is None else _member(archive, ids, "ids")
        version = "npz"
    else:
        file = ByteFile(path)
        close = file.close
        chosen = _file_array(file)
        id_array = None if ids is None else _file_array(ByteFile(Path(at_home(ids))))
        version = "npy"
        records = beside(path, ".jsonl") if records is None else records
        schema = schema_beside(path)
    if schema is not None and schema["dtype"] == "bit":
        numbers = "bit"
    rows, columns = _shape(chosen, is_open=schema is not None and schema["dim"] is None)
    kind = _numbers(chosen, numbers)
    bits = kind in ("bool", "bit", "offset-bit")
    name = "bit" if bits else kind
    info = SourceInfo(
        format=FORMAT.name,
        version=version,
        path=place.text,
        count=rows,
        dim=(-(-columns // 8) * 8 if kind == "bool" else 8 * columns if bits else columns) or None,
        numbers=name,
        dtype=dtype_for(name),
        notes=rounding_note(name),
    )

    decode: Callable[[NDArray[Any]], NDArray[Any]] = partial(native, numbers=kind)
    if ranges is not None:
        decode = _scalar_decoder(ranges, columns, kind)
        info = replace(info, dtype="float32", vectors="quantized")
    if schema is not None:
        info = with_schema_beside(info, schema, path)
    if id_array is not None:
        info = replace(info, ids=_checked_ids(id_array, rows))
        records = None
    source = NpySource(info, chosen, decode, close, ids=id_array)
    return with_records(source, path, records, id)


def _file_array(file: ByteFile) -> _Array:
    head = file_head(file)
    return _Array(file.path.name, head, lambda: FileRows(file, head, head.length, "the numbers"))


def _member(archive: NpzFile, name: str | None, option: str = "array") -> _Array:
    """An array of the archive: the one that is named, or the only one of two dimensions."""
    matrices = [one for one, head in archive.heads.items() if len(head.shape) == 2]
    if name is None and len(matrices) == 1:
        (name,) = matrices
    if name not in archive.heads:
        shapes = ", ".join(f"{one} {head.shape}" for one, head in archive.heads.items())
        text = f"{option}= names an array of {archive.path.name}"
        raise InvalidArgumentError(
            f"{text}: {shapes}"
            if name is None
            else f"{text}, which has no {shown(name)}: {shapes}",
            expected=tuple(archive.heads),
            received=name,
        )
    member = name
    return _Array(member, archive.heads[member], lambda: archive.rows(member))


def _shape(array: _Array, *, is_open: bool) -> tuple[int, int]:
    """Rows and columns; no columns where the dimension of the exported collection was open."""
    shape = array.head.shape
    if len(shape) == 2 and (shape[1] or (is_open and not shape[0])):
        return shape[0], shape[1]
    raise InvalidArgumentError(
        f"{array.name} has the shape {array.head.shape}; vectors are (rows, dim)",
        expected="(rows, dim)",
        received=array.head.shape,
    )


def _numbers(array: _Array, said: str | None) -> str:
    if said is None and array.head.numbers is not None:
        return array.head.numbers
    return numbers_of(array.head.kind, said, array.name)


def _scalar_decoder(
    path: Path, columns: int, kind: str
) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """Decodes the int8 of sentence-transformers by its ranges: the middle of each step."""
    array = _file_array(ByteFile(path))
    if array.head.shape != (2, columns) or kind not in ("int8", "uint8"):
        raise InvalidArgumentError(
            f"ranges: the least and the greatest numbers are (2, {columns}) beside vectors of int8 "
            f"or uint8, got {array.head.shape} and {kind}",
            expected=(2, columns),
            received=array.head.shape,
        )
    least, most = array.rows().take(2).astype(np.float64)
    offset = 128.5 if kind == "int8" else 0.5
    return lambda part: (least + (part + offset) * ((most - least) / 255)).astype(np.float32)


def _checked_ids(array: _Array, rows: int) -> Any:
    if array.head.shape not in ((rows,), (rows, 1)):
        raise InvalidArgumentError(
            f"ids: {array.name} has the shape {array.head.shape} beside {rows:,} vectors",
            expected=(rows,),
            received=array.head.shape,
        )
    return id_kind(array.head.kind, array.name)


def _recognise(place: Place) -> bool:
    return place.file is not None and (
        place.head.startswith(MAGIC) or (place.head.startswith(_ZIP) and place.suffix == ".npz")
    )


FORMAT = SourceFormat(
    name="npy",
    title="arrays of numpy: .npy and .npz, and what vdb export writes beside them",
    kind="data",
    recognise=_recognise,
    open=_open,
    options=(
        Option("array", "the array of an .npz that holds the vectors"),
        Option("ids", "the array of an .npz, or the .npy file, that holds the ids"),
        *RECORD_OPTIONS,
        Option("numbers", "what bytes stand for whose type the file does not say", choices=SAID),
        Option("ranges", "a .npy of (2, dim) by which int8 codes are decoded", kind="path"),
    ),
    versions="numpy 2.4.6, ml_dtypes 0.6.0, vdb export",
    holds="the numbers with their type, byte order and order of axes",
    lacks="the metric, the index, ids and payloads, except beside files of vdb export",
    metric="asked; of vdb export beside the file",
)
