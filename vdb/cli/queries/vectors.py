"""Vectors from files, for searches, measurements and rebuilds.

A `.npy` file is mapped, so that it need not fit into memory, and never unpickled; any other format
of `vdb.sources` is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb import sources
from vdb.errors import InvalidArgumentError
from vdb.model.records import Id
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.npy_array import MAGIC, file_head
from vdb.sources.reading.number_types import numbers_of

__all__ = ["queries_from", "query_from", "table_from"]


def queries_from(path: Path) -> NDArray[Any]:
    """The vectors of a file, (n, dim); one alone is a row.

    Raises:
        InvalidArgumentError: The file has no format that is read, or no vectors.
        SourceError: It is damaged.
    """
    array = _mapped(path)
    if array is None:
        return _read(path, {})[1]
    if array.ndim == 1:
        array = array.reshape(1, -1)
    if array.ndim != 2:
        raise InvalidArgumentError(
            f"{path}: queries are a table, shape (n, dim); got shape {array.shape}",
            expected="(n, dim)",
            received=array.shape,
        )
    return array


def query_from(text: str) -> NDArray[Any]:
    """One vector of a file: that of ``FILE``, or of row i of ``FILE:i``, counted from 0.

    Raises:
        InvalidArgumentError: The file has several and none is named, or there is no such row.
    """
    file, colon, row_text = text.rpartition(":")
    row = int(row_text) if colon and row_text.isascii() and row_text.isdecimal() else None
    if row is not None and not file:
        raise InvalidArgumentError(f"--vector {text} has no file before the colon")
    matrix = queries_from(Path(text if row is None else file))
    if row is None and len(matrix) != 1:
        raise InvalidArgumentError(
            f"{text} has {len(matrix):,} rows; say which one, as in {text}:0"
        )
    if (row or 0) >= len(matrix):
        raise InvalidArgumentError(
            f"{file} has {len(matrix):,} rows, counted from 0; there is no row {row}",
            expected=len(matrix),
            received=row,
        )
    return np.array(matrix[row or 0])


def table_from(path: Path, options: dict[str, Any]) -> tuple[list[Id], NDArray[Any]]:
    """The ids of the records of a source that have a vector, and their vectors (ids, dim).

    Raises:
        InvalidArgumentError: A row cannot be a record; the message names it.
        SourceError: The file is damaged.
    """
    array = _mapped(path)
    if array is None or array.ndim != 2:
        return _read(path, options)
    ids: list[Id] = []
    with sources.open(path, **options) as source:
        for batch in source.id_batches():
            _refuse(batch, path)
            ids += _with_vector(batch)
    return ids, array


def _mapped(path: Path) -> NDArray[Any] | None:
    """The array of a `.npy` file, not in memory; None for a file of another format."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return None
    except IsADirectoryError:
        return None
    file_of_array = ByteFile(path)
    try:
        head = file_head(file_of_array)
    finally:
        file_of_array.close()
    if head.numbers is not None or numbers_of(head.kind, None, str(path)) != head.kind.name:
        return None
    if 0 in head.shape:
        return np.empty(head.shape, head.kind)
    order: Any = "F" if head.fortran else "C"
    return np.memmap(path, head.kind, "r", head.length, head.shape, order)


def _read(path: Path, options: dict[str, Any]) -> tuple[list[Id], NDArray[Any]]:
    ids: list[Id] = []
    parts: list[NDArray[Any]] = []
    with sources.open(path, **options) as source:
        for batch in source.batches():
            _refuse(batch, path)
            ids += _with_vector(batch)
            parts.append(batch.vectors if batch.missing is None else batch.vectors[~batch.missing])
        if not parts:
            return [], np.empty((0, source.info.dim or 0), np.float32)
    return ids, np.concatenate(parts)


def _refuse(batch: sources.SourceBatch, path: Path) -> None:
    if batch.refusals:
        first = batch.refusals[0]
        raise InvalidArgumentError(f"{batch.file or path}: {first.place}: {first.reason}")


def _with_vector(batch: sources.SourceBatch) -> list[Id]:
    ids = batch.id_list()
    if batch.missing is None:
        return ids
    return [one for one, bare in zip(ids, batch.missing.tolist(), strict=True) if not bare]
