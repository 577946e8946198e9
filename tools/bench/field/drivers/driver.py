"""What every driver can do. A driver imports its library, numpy, and nothing else of this package.

A driver lives in a worker process, whose interpreter has that one library installed.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

ROWS: int = 100_000  # rows that are handed over at a time where all at once is not needed


class RefusedError(Exception):
    """The installed library cannot do what was asked; its text says what and why."""


class Driver:
    """An index over rows 0..n-1 of one array, which are its ids too, and its files in a folder.

    A library without files of its own saves the whole index in one; a database writes as it goes.

    Attributes:
        package: name of the distribution, for its version.
        batches: whether `search` hands all queries over in one call.
    """

    package: ClassVar[str] = ""
    batches: ClassVar[bool] = True

    def __init__(self, metric: str, dim: int, folder: Path | None = None, **options: Any) -> None:
        self.metric, self.dim, self.options = metric, dim, options
        self.folder = folder or Path()
        self.prepare()

    def prepare(self) -> None:
        """Import the library and look at the options.

        Raises:
            RefusedError: the library cannot do this.
        """

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors from nothing."""
        raise NotImplementedError

    def save(self) -> None:
        """Make what was built outlive the process, on disk. A database has done so already."""

    def load(self) -> None:
        """Open what was saved, in a process that has not built it."""
        raise NotImplementedError

    def tune(self, k: int, ef: int, threads: int) -> None:
        """Prepare for searches with these; not timed. For libraries that take ef otherwise."""

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids, nearest first; -1 fills what was not found."""
        raise NotImplementedError

    def search_each(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return the same with one call a query, as an application would ask."""
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        for row in range(len(queries)):
            ids[row] = self.search(queries[row : row + 1], k, ef)[0]
        return ids

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Add rows to what is open, in one call; durable when it returns, if it is a database."""
        del ids, vectors
        raise RefusedError("inserts into a built index are not offered")

    def close(self) -> None:
        """Free memory; files stay."""

    def facts(self) -> dict[str, Any]:
        """Version and whatever the library says of the instructions it uses."""
        return {"version": importlib.metadata.version(self.package)}


def chunks(vectors: Floats, rows: int = ROWS) -> Iterator[tuple[Ids, Floats]]:
    """Cut (n, dim) into ids and contiguous float32 rows, so that a mapped file is read in parts."""
    for start in range(0, len(vectors), rows):
        part = np.ascontiguousarray(vectors[start : start + rows], dtype=np.float32)
        yield np.arange(start, start + len(part), dtype=np.int64), part


def whole(vectors: Floats) -> Floats:
    """All rows as one contiguous float32 array; a mapped float32 file is not copied."""
    return np.ascontiguousarray(vectors, dtype=np.float32)


def padded(rows: list[Any], k: int) -> Ids:
    """(m, k) ids from lists of at most k."""
    matrix = np.full((len(rows), k), -1, dtype=np.int64)
    for place, ids in enumerate(rows):
        matrix[place, : len(ids)] = list(ids)[:k]
    return matrix


def unit(vectors: Floats) -> Floats:
    """Rows of length 1; rows of length 0 stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
