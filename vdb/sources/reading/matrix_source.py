"""A source that is one matrix in a file: its rows are the vectors, their numbers the ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from vdb.sources.batch import SourceBatch
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.number_types import native
from vdb.sources.source import Source

__all__ = ["MatrixSource"]


class MatrixSource(Source):
    """Rows of numbers, one after the other."""

    __slots__ = ("_columns", "_file", "_kind", "_offset", "_rows")

    def __init__(
        self, info: SourceInfo, file: ByteFile, *, offset: int, kind: Any, rows: int, columns: int
    ) -> None:
        """`kind`: the dtype of the numbers, with their byte order; `offset`: of the first byte."""
        super().__init__(info)
        self._file = file
        self._offset, self._kind, self._rows, self._columns = offset, np.dtype(kind), rows, columns

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        matrix = self._offset, self._kind, self._rows, self._columns
        for start, part in self._file.parts(*matrix, rows, "the matrix"):
            numbers = np.arange(start, start + len(part))
            yield SourceBatch(numbers, numbers, native(part, self.info.numbers))

    def close(self) -> None:
        """Closes the file."""
        super().close()
        self._file.close()
