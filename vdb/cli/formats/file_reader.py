"""Reading a file of vectors, ids and payloads part by part, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.cli.arguments.schema import Options
from vdb.errors import InvalidArgumentError
from vdb.model.records import Id, Payload

__all__ = ["FileReader", "Part"]

PART_ROWS = 10_000
PART_BYTES = 64 << 20  # of vectors: float32, or bytes where the file has bytes


class FileReader(ABC):
    """Rows of vectors with their ids and payloads, in one file or several. One subclass a format.

    Attributes:
        path: The file of the vectors.
        rows: How many records there are.
        columns: Numbers in a row; of bits packed bytes, or booleans.
        numbers: Numpy's type of them.
        id_field: What the ids are called there; None where they are the row numbers.
    """

    path: Path
    rows: int
    columns: int
    numbers: np.dtype[Any]
    id_field: str | None

    @abstractmethod
    def parts(self, room: Callable[[], int]) -> Iterator[Part]:
        """Everything in order, so many rows at a time as there is room for by then."""

    @abstractmethod
    def ids(self) -> Iterator[Id]:
        """The ids of all rows in order; nothing else is kept in memory."""

    @abstractmethod
    def place(self, row: int, *, of_vector: bool) -> str:
        """Where a row stands, in the words of somebody who looks at the file."""

    @abstractmethod
    def exported(self) -> Options | None:
        """What the collection was made of that `vdb export` wrote this of; None if it did not."""

    @property
    def part_rows(self) -> int:
        """How many rows a commit takes unless told otherwise: 10,000, or what makes 64 MB."""
        width = 1 if self.numbers.itemsize == 1 else 4
        return max(1, min(PART_ROWS, PART_BYTES // (width * max(1, self.columns))))

    def dim(self, dtype: str | None) -> int:
        """Numbers in a vector of a collection with that dtype: eight bits in each byte.

        Raises:
            InvalidArgumentError: The file holds booleans, and the dtype is not of bits.
        """
        booleans = self.numbers == np.bool_
        if dtype == "bit":
            return self.columns if booleans else self.columns * 8
        if booleans:
            raise InvalidArgumentError(
                f"{self.path} holds booleans, which only collections of dtype bit can keep",
                expected="real numbers",
                received="bool",
            )
        return self.columns

    def nothing(self) -> Part:
        """A part of no rows."""
        return Part([], [], np.empty((0, self.columns), self.numbers), None)


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
