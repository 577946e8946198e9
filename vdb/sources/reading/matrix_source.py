"""A source that is one matrix in a file: its rows are the vectors, their numbers the ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from vdb.sources.batch import SourceBatch
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.number_types import native, signed_or_large
from vdb.sources.source import Source

__all__ = ["MatrixSource"]


class MatrixSource(Source):
    """Rows of numbers, one after the other."""

    __slots__ = ("_columns", "_file", "_ids", "_kind", "_numbers", "_offset", "_rows")

    def __init__(
        self,
        info: SourceInfo,
        file: ByteFile,
        *,
        offset: int,
        kind: Any,
        rows: int,
        columns: int,
        numbers: str | None = None,
    ) -> None:
        """One matrix.

        Args:
            info: What it holds.
            file: Where it lies.
            offset: Its first byte.
            kind: The dtype of the numbers, with their byte order.
            rows: Vectors.
            columns: Numbers of one, or bytes of packed bits.
            numbers: What they stand for, where it is not what `info` says.
        """
        super().__init__(info, file.close)
        self._file = file
        self._offset, self._kind, self._rows, self._columns = offset, np.dtype(kind), rows, columns
        self._numbers = numbers or info.numbers
        self._ids: tuple[int, np.dtype[Any]] | None = None

    def set_ids(self, offset: int, kind: Any) -> None:
        """Take whole numbers at a byte of the file as ids, one for each row."""
        self._ids = offset, np.dtype(kind)
        self.info = replace(self.info, ids="int")

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        matrix = self._offset, self._kind, self._rows, self._columns
        for start, part in self._file.parts(*matrix, rows, "the matrix"):
            numbers = np.arange(start, start + len(part))
            ids: Any = numbers
            if self._ids is not None:
                offset, kind = self._ids
                offset += start * kind.itemsize
                ids = signed_or_large(self._file.array_at(offset, kind, len(part), "the ids"))
            yield SourceBatch(numbers, ids, native(part, self._numbers))
