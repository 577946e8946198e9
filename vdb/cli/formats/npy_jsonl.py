"""The format npy: a `.npy` file of vectors, and the `.jsonl` file of ids and payloads beside it.

The array is mapped, never unpickled. An export also has a `.json` file with the schema of the
collection.
"""

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
from vdb.cli.formats.file_format import FileFormat, ReadOptions
from vdb.cli.formats.file_reader import FileReader, Part
from vdb.cli.formats.npy import MAGIC, open_array
from vdb.cli.formats.schema_file import options_beside
from vdb.errors import InvalidArgumentError
from vdb.model.records import Id

__all__ = ["FORMAT", "NpyReader", "open_npy"]


@dataclass(slots=True)
class NpyReader(FileReader):
    """The two files: ``vectors`` is mapped, shape (rows, dim); ``records`` may be missing.

    Where ``optional_vectors``, only the records that have a vector have a row.
    """

    path: Path
    vectors: NDArray[Any]
    records: Path | None
    id_field: str | None
    optional_vectors: bool = False
    rows: int = field(init=False)
    columns: int = field(init=False)
    numbers: np.dtype[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.rows, self.columns = self.vectors.shape
        self.numbers = self.vectors.dtype
        if self.records is None:
            self.id_field = None
        elif self.optional_vectors:
            self.rows = record_lines.count(self.records)

    def parts(self, room: Callable[[], int]) -> Iterator[Part]:
        """All rows in order; the lines are read one by one."""
        if self.optional_vectors and self.records is not None and self.id_field is not None:
            yield from self._optional_parts(self.records, self.id_field, room)
            return
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

    def _optional_parts(
        self, records: Path, id_field: str, room: Callable[[], int]
    ) -> Iterator[Part]:
        lines = record_lines.read_optional(records, id_field)
        start = used = 0
        while start < self.rows:
            numbers = range(start, min(start + room(), self.rows))
            ids, payloads, marks = zip(*islice(lines, len(numbers)), strict=True)
            bare = np.array(marks, dtype=np.bool_)
            vectors = self.vectors[used : used + int((~bare).sum())]
            start, used = numbers.stop, used + len(vectors)
            yield Part(numbers, list(ids), vectors, list(payloads), bare if bare.any() else None)

    def table(self) -> tuple[list[Id], NDArray[Any]]:
        """The ids of the lines that have a row, and the mapped array."""
        if self.records is None or self.id_field is None or not self.optional_vectors:
            return list(self.ids()), self.vectors
        lines = record_lines.read_optional(self.records, self.id_field)
        return [record_id for record_id, _, bare in lines if not bare], self.vectors

    def ids(self) -> Iterator[Id]:
        """The ids of the lines, or the row numbers."""
        if self.records is None or self.id_field is None:
            return iter(range(self.rows))
        return (record_id for record_id, _ in record_lines.read(self.records, self.id_field))

    def exported_options(self) -> Options | None:
        """The schema in the `.json` file beside the vectors."""
        return options_beside(self.path)

    def place(self, row: int, *, of_vector: bool) -> str:
        """A row of the array, counted from 0, or a line of the records, from 1."""
        if self.records is None or (of_vector and not self.optional_vectors):
            return f"row {row:,} of {self.path}"
        return f"line {row + 1:,} of {self.records}"


def open_npy(path: Path, options: ReadOptions) -> NpyReader:
    """Opens both files and compares their lengths.

    There may be more lines than rows where those too many say that their record has no vector: so
    an export writes it. That is seen without its schema file too.

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
    records = options.records
    if records is None and options.with_records:
        records = record_lines.sidecar(path)
    exported = options_beside(path)
    if records is not None:
        rows, lines = len(vectors), record_lines.count(records)
        optional = exported is not None and exported.optional_vectors
        bare = record_lines.count_bare(records) if optional or lines > rows else 0
        if optional or bare:
            _require_rows(path, records, rows, lines - bare)
            return NpyReader(path, vectors, records, options.id_field, optional_vectors=True)
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
    return NpyReader(path, vectors, records, options.id_field)


def _require_rows(path: Path, records: Path, rows: int, expected: int) -> None:
    """Refuse a file of vectors without just one row for each record that has one."""
    if rows != expected:
        raise InvalidArgumentError(
            f"{path} has {rows:,} rows, and {expected:,} lines of {records} are of records with a "
            "vector",
            expected=expected,
            received=rows,
        )


FORMAT = FileFormat(
    name="npy",
    suffix=".npy",
    magic=MAGIC,
    made_by="numpy.save makes one of an array",
    open=open_npy,
)
