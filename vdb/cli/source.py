"""The files that an import reads, part by part: mapped vectors, and the lines that go with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.cli import record_lines
from vdb.cli.arrays import open_array
from vdb.errors import InvalidArgumentError
from vdb.records import Id, Payload

__all__ = ["Part", "Source", "open_source"]

PART_ROWS = 10_000
PART_BYTES = 64 << 20  # of vectors: float32, or bytes where the file has bytes


@dataclass(frozen=True, slots=True)
class Source:
    """The two files: ``vectors`` is mapped, shape (rows, dim); ``records`` may be missing."""

    path: Path
    vectors: NDArray[Any]
    records: Path | None
    id_field: str

    @property
    def part_rows(self) -> int:
        """How many rows a commit takes unless told otherwise: 10,000, or what makes 64 MB."""
        columns: int = self.vectors.shape[1]
        width = 1 if self.vectors.itemsize == 1 else 4
        return max(1, min(PART_ROWS, PART_BYTES // (width * max(1, columns))))

    def dim(self, dtype: str | None) -> int:
        """Numbers in a vector of a collection with that dtype: eight bits in each byte.

        Raises:
            InvalidArgumentError: The file holds booleans, and the dtype is not of bits.
        """
        columns: int = self.vectors.shape[1]
        booleans = self.vectors.dtype == np.bool_
        if dtype == "bit":
            return columns if booleans else columns * 8
        if booleans:
            raise InvalidArgumentError(
                f"{self.path} holds booleans, which only collections of dtype bit can keep",
                expected="real numbers",
                received="bool",
            )
        return columns

    def parts(self, room: Callable[[], int]) -> Iterator[Part]:
        """Everything in order, so many rows at a time as there is room for by then."""
        lines = record_lines.read(self.records, self.id_field) if self.records else None
        start = 0
        while start < len(self.vectors):
            numbers = range(start, min(start + room(), len(self.vectors)))
            vectors = self.vectors[start : numbers.stop]
            start = numbers.stop
            if lines is None:
                yield Part(numbers, list(numbers), vectors, None)
            else:
                ids, payloads = zip(*islice(lines, len(numbers)), strict=True)
                yield Part(numbers, list(ids), vectors, list(payloads))


@dataclass(frozen=True, slots=True)
class Part:
    """What one commit adds: some rows, with the numbers they have in the file."""

    rows: Sequence[int]
    ids: list[Id]
    vectors: NDArray[Any]
    payloads: list[Payload] | None

    def without(self, known: Callable[[Id], bool]) -> Part:
        """The rows whose ids are not known."""
        new = [row for row, record_id in enumerate(self.ids) if not known(record_id)]
        if len(new) == len(self.ids):
            return self
        return Part(
            [self.rows[row] for row in new],
            [self.ids[row] for row in new],
            self.vectors[new],
            None if self.payloads is None else [self.payloads[row] for row in new],
        )


def open_source(path: Path, records: Path | None, id_field: str, *, beside: bool = True) -> Source:
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
    return Source(path, vectors, records, id_field)
