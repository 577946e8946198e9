"""A `.npy` file of vectors, mapped, and the `.jsonl` file of ids and payloads beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.cli.arguments.schema import Options
from vdb.cli.formats import record_lines
from vdb.cli.formats.npy import open_array
from vdb.cli.formats.schema_file import options_beside
from vdb.cli.formats.source import Part, Source
from vdb.errors import InvalidArgumentError
from vdb.model.records import Id

__all__ = ["ArraySource", "open_arrays"]


@dataclass(slots=True)
class ArraySource(Source):
    """The two files: ``vectors`` is mapped, shape (rows, dim); ``records`` may be missing."""

    path: Path
    vectors: NDArray[Any]
    records: Path | None
    id_field: str | None
    rows: int = field(init=False)
    columns: int = field(init=False)
    numbers: np.dtype[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.rows, self.columns = self.vectors.shape
        self.numbers = self.vectors.dtype
        if self.records is None:
            self.id_field = None

    def parts(self, room: Callable[[], int]) -> Iterator[Part]:
        """Everything in order; the lines are read one by one."""
        lines = None
        if self.records is not None and self.id_field is not None:
            lines = record_lines.read(self.records, self.id_field)
        start = 0
        while start < self.rows:
            numbers = range(start, min(start + room(), self.rows))
            vectors = self.vectors[start : numbers.stop]
            start = numbers.stop
            if lines is None:
                yield Part(numbers, list(numbers), vectors, None)
            else:
                ids, payloads = zip(*islice(lines, len(numbers)), strict=True)
                yield Part(numbers, list(ids), vectors, list(payloads))

    def ids(self) -> Iterator[Id]:
        """Those of the lines, or the row numbers."""
        if self.records is None or self.id_field is None:
            return iter(range(self.rows))
        return (record_id for record_id, _ in record_lines.read(self.records, self.id_field))

    def exported(self) -> Options | None:
        """What the `.json` file beside the vectors says."""
        return options_beside(self.path)

    def place(self, row: int, *, of_vector: bool) -> str:
        """A row of the array, counted from 0, or a line of the records, from 1."""
        if of_vector or self.records is None:
            return f"row {row:,} of {self.path}"
        return f"line {row + 1:,} of {self.records}"


def open_arrays(
    path: Path, records: Path | None, id_field: str, *, beside: bool = True
) -> ArraySource:
    """Opens both files and compares their lengths.

    Args:
        path: The vectors.
        records: Their ids and payloads, or None.
        id_field: The field that holds the id.
        beside: Look for records beside the vectors where ``records`` is None.

    Raises:
        InvalidArgumentError: One is of another kind or shape, or their lengths differ.
        OSError: One cannot be read.
    """
    vectors = open_array(path)
    if vectors.ndim != 2:
        raise InvalidArgumentError(
            f"{path}: a table of vectors is needed, shape (rows, dim); got shape {vectors.shape}",
            expected="(rows, dim)",
            received=vectors.shape,
        )
    if records is None and beside:
        records = record_lines.beside(path)
    if records is not None:
        rows, lines = len(vectors), record_lines.count(records)
        if lines < rows:
            raise InvalidArgumentError(
                f"{records} has {lines:,} lines and {path} {rows:,} rows: "
                f"row {lines:,} (counted from 0) has no line",
                expected=rows,
                received=lines,
            )
        if lines > rows:
            raise InvalidArgumentError(
                f"{records} has {lines:,} lines and {path} {rows:,} rows: "
                f"line {rows + 1:,} has no row",
                expected=rows,
                received=lines,
            )
    return ArraySource(path, vectors, records, id_field)
