"""Vectors as they lie in a file of faiss, read in parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vdb.sources.indexes.faiss.codecs import Codec
from vdb.sources.indexes.faiss.cursor import Region
from vdb.sources.reading.byte_file import ByteFile

__all__ = ["Codes", "Lists", "Matrix", "Stored"]

Part = tuple[NDArray[np.int64], NDArray[Any]]
"""Internal ids (n,) and vectors (n, columns)."""


class Stored(Protocol):
    """The vectors of an index."""

    def parts(self, rows: int) -> Iterator[Part]:
        """All of them, at most `rows` at a time."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Numbers, row after row: float32, or bytes of packed bits."""

    file: ByteFile
    place: Region
    count: int
    columns: int
    kind: str

    def parts(self, rows: int) -> Iterator[Part]:
        """As `Stored.parts`."""
        matrix = self.place.offset, self.kind, self.count, self.columns
        for start, part in self.file.parts(*matrix, rows, "the vectors"):
            yield np.arange(start, start + len(part)), part


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes, row after row."""

    rows: Matrix
    codec: Codec

    def parts(self, rows: int) -> Iterator[Part]:
        """As `Stored.parts`, decoded."""
        for ids, codes in self.rows.parts(rows):
            yield ids, self.codec.decode(codes)


@dataclass(frozen=True, slots=True)
class Lists:
    """Inverted lists: codes and ids of the vectors nearest to each centroid.

    Attributes:
        places: Of each list, where its codes begin, and how many there are; ids follow them.
        width: Bytes of a code.
        codec: What the codes are; None for numbers of type `kind` themselves.
        centroids: Added to what is decoded, (lists, dim); None where codes are no residuals.
    """

    file: ByteFile
    places: list[Region]
    width: int
    kind: str
    codec: Codec | None = None
    centroids: NDArray[np.float32] | None = None

    def parts(self, rows: int) -> Iterator[Part]:
        """As `Stored.parts`, list after list."""
        for number, place in enumerate(self.places):
            ids_at = place.offset + place.numbers * self.width
            codes = self.file.parts(
                place.offset,
                np.uint8,
                place.numbers,
                self.width,
                rows,
                f"the codes of list {number}",
            )
            for start, part in codes:
                what = f"the ids of list {number}"
                ids = self.file.array_at(ids_at + 8 * start, "<i8", len(part), what)
                yield ids.astype(np.int64, copy=False), self._vectors(part, number)

    def _vectors(self, codes: NDArray[np.uint8], number: int) -> NDArray[Any]:
        vectors = codes.view(self.kind) if self.codec is None else self.codec.decode(codes)
        if self.centroids is None:
            return vectors
        with np.errstate(invalid="ignore", over="ignore"):  # such rows are refused later
            moved: NDArray[Any] = vectors + self.centroids[number]
        return moved
