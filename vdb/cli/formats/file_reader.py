"""The interface for reading vectors, ids and payloads from a file, part by part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
        rows: The number of records.
        columns: Numbers in a row; packed bytes or booleans for bits.
        numbers: Numpy's type of the numbers.
        id_field: The field or column of the ids; None if ids are row numbers.
    """

    path: Path
    rows: int
    columns: int
    numbers: np.dtype[Any]
    id_field: str | None

    @abstractmethod
    def parts(self, room: Callable[[], int]) -> Iterator[Part]:
        """All rows in order, in parts; `room` returns the largest number of rows of each part."""

    @abstractmethod
    def ids(self) -> Iterator[Id]:
        """The ids of all rows in order; nothing else is kept in memory."""

    def table(self) -> tuple[list[Id], NDArray[Any]]:
        """The ids of the rows that have a vector, and their vectors, (ids, columns).

        In memory, unless the format can map them.
        """
        ids: list[Id] = []
        vectors = [self.nothing().vectors]
        for part in self.parts(lambda: self.part_rows):
            ids += part.vector_ids
            vectors.append(part.vectors)
        return ids, np.concatenate(vectors)

    @abstractmethod
    def place(self, row: int, *, of_vector: bool) -> str:
        """The place of a row in the file, for messages."""

    @abstractmethod
    def exported_options(self) -> Options | None:
        """The schema of the exported collection; None if `vdb export` did not write the file."""

    @property
    def part_rows(self) -> int:
        """The default number of rows of a commit: 10,000, or fewer that make 64 MB."""
        width = 1 if self.numbers.itemsize == 1 else 4
        return max(1, min(PART_ROWS, PART_BYTES // (width * max(1, self.columns))))

    def dim(self, dtype: str | None) -> int:
        """Numbers in a vector of a collection with that dtype: eight bits in each byte.

        0 for the file of a collection whose dimension was open.

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
        """A part without rows."""
        return Part([], [], np.empty((0, self.columns), self.numbers), None)


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one commit.

    Attributes:
        rows: Their row numbers in the file.
        ids: Their ids.
        vectors: Those of the rows that have one, in order.
        payloads: Their payloads; None where none has any.
        bare: Which rows have no vector, bool; None where all have one.
    """

    rows: Sequence[int]
    ids: list[Id]
    vectors: NDArray[Any]
    payloads: list[Payload] | None
    bare: NDArray[np.bool_] | None = None

    @property
    def vector_ids(self) -> list[Id]:
        """The ids of the rows that have a vector."""
        if self.bare is None:
            return self.ids
        return [one for one, bare in zip(self.ids, self.bare.tolist(), strict=True) if not bare]

    @property
    def vector_rows(self) -> NDArray[Any] | Sequence[ArrayLike | None] | None:
        """The vectors as `Collection.add` takes them."""
        if self.bare is None:
            return self.vectors
        if self.bare.all():
            return None
        present = iter(self.vectors)
        return [None if bare else next(present) for bare in self.bare.tolist()]

    def without(self, exists: Callable[[Id], bool]) -> Part:
        """The rows whose ids do not exist yet."""
        kept_rows = [row for row, record_id in enumerate(self.ids) if not exists(record_id)]
        if len(kept_rows) == len(self.ids):
            return self
        bare, places = self.bare, kept_rows
        if bare is not None:
            places = (np.cumsum(~bare) - 1)[[row for row in kept_rows if not bare[row]]].tolist()
            bare = bare[kept_rows]
        return Part(
            [self.rows[row] for row in kept_rows],
            [self.ids[row] for row in kept_rows],
            self.vectors[places],
            None if self.payloads is None else [self.payloads[row] for row in kept_rows],
            bare,
        )
