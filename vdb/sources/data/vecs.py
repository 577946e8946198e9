"""fvecs, ivecs, bvecs: every vector has its length, an int32, before its numbers.

http://corpus-texmex.irisa.fr: numbers are float32, int32 or bytes, all little-endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from vdb.sources.batch import SourceBatch
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.number_types import dtype_for, rounding_note
from vdb.sources.reading.records_beside import RECORD_OPTIONS, with_exported_records
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "Vecs"]

TYPES: Final = {".fvecs": "float32", ".ivecs": "int32", ".bvecs": "uint8"}
LENGTH: Final = 4


class Vecs(Source):
    """One file, whose vectors are all as long as the first one."""

    __slots__ = ("_file", "_rows")

    def __init__(self, info: SourceInfo, file: ByteFile, rows: int) -> None:
        super().__init__(info, file.close)
        self._file, self._rows = file, rows

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        dim = self.info.dim or 0
        kind = np.dtype(self.info.numbers).newbyteorder("<")
        width = LENGTH + dim * kind.itemsize
        for start, part in self._file.parts(0, np.uint8, self._rows, width, rows, "the vectors"):
            lengths = part[:, :LENGTH].copy().view("<i4")[:, 0]
            wrong = np.flatnonzero(lengths != dim)
            if len(wrong):
                row = int(wrong[0])
                raise self._file.error(
                    f"row {start + row}", f"has length {int(lengths[row]):,}, the first has {dim:,}"
                )
            numbers = np.arange(start, start + len(part))
            vectors = np.ascontiguousarray(part[:, LENGTH:]).view(kind)
            yield SourceBatch(numbers, numbers, vectors)


def _open(
    place: Place,
    *,
    numbers: str | None = None,
    records: Path | None = None,
    id: str | None = None,  # noqa: A002 - a name of the public face
) -> Source:
    path = place.require_file(FORMAT.name)
    numbers = numbers or TYPES.get(place.suffix)
    if numbers is None:
        raise FORMAT.needs("numbers", f"the name of {place.text} does not say its type of numbers")
    file = ByteFile(path)
    dim = rows = 0
    if file.size:
        (dim,) = file.numbers_at(0, "<i", "the length of the first vector")
        width = LENGTH + dim * np.dtype(numbers).itemsize
        if dim <= 0 or file.size % width:
            raise file.error(
                "the first vector",
                f"has length {dim:,}; the file's {file.size:,} bytes are no whole number of such "
                f"vectors of {numbers}",
            )
        rows = file.size // width
    info = SourceInfo(
        format=FORMAT.name,
        path=place.text,
        count=rows,
        dim=dim or None,
        numbers=numbers,
        dtype=dtype_for(numbers),
        notes=rounding_note(numbers),
    )
    source = Vecs(info, file, rows)
    return with_exported_records(source, path, records, id)


FORMAT = SourceFormat(
    name="fvecs",
    title="TEXMEX vectors: fvecs, ivecs, bvecs",
    kind="data",
    recognise=lambda place: place.file is not None and place.suffix in TYPES,
    open=_open,
    options=(
        Option("numbers", "the type of the numbers", choices=tuple(sorted(TYPES.values()))),
        *RECORD_OPTIONS,
    ),
    versions="the files of 2010",
    holds="the length of every vector, the numbers",
    lacks="ids, payloads, the type of the numbers, except beside files of vdb export",
    metric="asked; of vdb export beside the file",
)
