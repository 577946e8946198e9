"""fbin, hbin, i8bin, u8bin: the matrices of the billion-scale benchmarks.

uint32 rows, uint32 columns, then the numbers row by row, little-endian
(https://big-ann-benchmarks.com). The type of the numbers is in the name alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.matrix_source import MatrixSource
from vdb.sources.reading.number_types import dtype_for
from vdb.sources.reading.records_beside import RECORD_OPTIONS, with_exported_records
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

HEAD: Final = 8
TYPES: Final = {".fbin": "float32", ".hbin": "float16", ".i8bin": "int8", ".u8bin": "uint8"}


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
    kind = np.dtype(numbers).newbyteorder("<")
    file = ByteFile(path)
    rows, dim = file.numbers_at(0, "<II", "the head")
    length = HEAD + rows * dim * kind.itemsize
    if length != file.size or not dim:
        raise file.error(
            "the head",
            f"says {rows:,} rows of {dim:,} numbers of {numbers}, which make {length:,} bytes; "
            f"the file has {file.size:,}",
        )
    info = SourceInfo(
        format=FORMAT.name,
        path=place.text,
        count=rows,
        dim=dim,
        numbers=numbers,
        dtype=dtype_for(numbers),
    )
    source = MatrixSource(info, file, offset=HEAD, kind=kind, rows=rows, columns=dim)
    return with_exported_records(source, path, records, id)


FORMAT = SourceFormat(
    name="fbin",
    title="matrices of the billion-scale benchmarks: fbin, hbin, i8bin, u8bin",
    kind="data",
    recognise=lambda place: place.file is not None and place.suffix in TYPES,
    open=_open,
    options=(
        Option("numbers", "the type of the numbers", choices=tuple(sorted(TYPES.values()))),
        *RECORD_OPTIONS,
    ),
    versions="the files of 2021 to 2023",
    holds="rows, columns, the numbers",
    lacks="ids, payloads, the type of the numbers, except beside files of vdb export",
    metric="asked; of vdb export beside the file",
)
