"""Rows that COPY wrote in binary, as the texts that COPY would have written of them.

An 11-byte signature, u32 flags, u32 length of an extension of the head; of each row i16 columns,
and of each column i32 length (-1 for null) and its bytes, big-endian; at the end i16 -1. Source:
the page on COPY of PostgreSQL's manual, and vector.c, halfvec.c, sparsevec.c of pgvector 0.8.0.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from vdb.sources.databases.pgvector.columns import Column
from vdb.sources.reading.byte_file import ByteFile

__all__ = ["BINARY_TYPES", "SIGNATURE", "binary_rows", "binary_value", "binary_vector"]

SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0"
_MOST_COLUMNS: Final = 1600
_FORMS: Final = {
    **dict.fromkeys(["smallint", "int2"], ">h"),
    **dict.fromkeys(["integer", "int", "int4"], ">i"),
    **dict.fromkeys(["bigint", "int8"], ">q"),
    **dict.fromkeys(["real", "float4"], ">f"),
    **dict.fromkeys(["double precision", "float8"], ">d"),
    "boolean": ">?",
}
_TEXTS: Final = frozenset(["text", "character varying", "varchar", "character", "json", "jsonb"])
BINARY_TYPES: Final = frozenset([*_FORMS, *_TEXTS, "uuid"])
"""Types whose binary form is read."""


def binary_rows(file: ByteFile) -> Iterator[tuple[int, list[bytes | None]]]:
    """The rows with their numbers from 0.

    Raises:
        SourceError: The file ends early, or has another signature.
    """
    if file.bytes_at(0, len(SIGNATURE), "the signature") != SIGNATURE:
        raise file.error("the signature", "is not that of COPY in binary")
    flags, extension = file.numbers_at(len(SIGNATURE), ">II", "the head")
    if flags & 0xFFFF0000:
        raise file.error("the head", f"has the flags {flags:#x}, which are not known")
    place, row = len(SIGNATURE) + 8 + extension, 0
    while True:
        what = f"row {row}"
        (columns,) = file.numbers_at(place, ">h", what)
        place += 2
        if columns == -1:
            if place != file.size:
                raise file.error("the end", f"is at byte {place:,}; the file has {file.size:,}")
            return
        if not 0 < columns <= _MOST_COLUMNS:
            raise file.error(what, f"says {columns} columns")
        fields: list[bytes | None] = []
        for _ in range(columns):
            (length,) = file.numbers_at(place, ">i", what)
            place += 4
            if length < -1:
                raise file.error(what, f"says {length} bytes of a column")
            fields.append(None if length == -1 else file.bytes_at(place, length, what))
            place += max(0, length)
        yield row, fields
        row += 1


def binary_value(column: Column, data: bytes) -> str:
    """A value as the text that PostgreSQL writes of it.

    Raises:
        ValueError: The bytes are none of the column's type, or the type's form is not read.
    """
    form = _FORMS.get(column.type)
    if form is not None:
        try:
            (number,) = struct.unpack(form, data)
        except struct.error as error:
            raise ValueError(f"{column.name}: {error}") from error
        return "ft"[number] if form == ">?" else repr(number)
    if column.type == "uuid":
        return str(UUID(bytes=data))
    if column.type == "jsonb":
        data = data[1:]
    if column.type not in _TEXTS:
        raise ValueError(f"{column.name} is of type {column.type}, which is not read from binary")
    return data.decode()


def binary_vector(column: Column, data: bytes) -> NDArray[Any]:
    """The numbers of a vector; of bits the packed bytes.

    Raises:
        ValueError: The bytes are no vector of the column's type.
    """
    try:
        if column.type == "bit":
            (bits,) = struct.unpack_from(">i", data)
            return _whole(np.frombuffer(data, np.uint8, offset=4), (bits + 7) // 8)
        if column.type == "sparsevec":
            dim, count, _ = struct.unpack_from(">3i", data)
            places = np.frombuffer(data, ">i4", count=count, offset=12)
            numbers = _whole(np.frombuffer(data, ">f4", offset=12 + 4 * count), count)
            if not 0 < dim <= 1_000_000 or (count and not 0 <= places.min() <= places.max() < dim):
                raise ValueError(f"{column.name} has places beyond {dim}")
            vector = np.zeros(dim, np.float32)
            vector[places] = numbers
            return vector
        (dim,) = struct.unpack_from(">h", data)
        kind = ">f2" if column.type == "halfvec" else ">f4"
        numbers = _whole(np.frombuffer(data, kind, offset=4), dim)
        return numbers.astype(kind.replace(">", "="))
    except struct.error as error:
        raise ValueError(f"{column.name}: {error}") from error


def _whole(numbers: NDArray[Any], count: int) -> NDArray[Any]:
    if len(numbers) != count:
        raise ValueError(f"a vector of {count} has {len(numbers)} numbers")
    return numbers
