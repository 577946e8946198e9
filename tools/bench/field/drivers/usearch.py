"""usearch: f32, and i8 with one scale for all numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from usearch.index import Index

from .driver import Driver, Floats, Ids, chunks

KINDS = {"l2": "l2sq", "ip": "ip", "cosine": "cos"}


class Usearch(Driver):
    """An index in memory, saved as one file, mapped. Options: dtype.

    Of float32 it makes i8 of a vector's direction, and its length is lost; so it is given int8.
    """

    package = "usearch"

    def prepare(self) -> None:
        """Look at the options."""
        self._dtype = self.options.get("dtype", "f32")
        self._codes = self._dtype == "i8"

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors."""
        self._index = Index(
            ndim=self.dim,
            metric=KINDS[self.metric],
            dtype=self._dtype,
            connectivity=M,
            expansion_add=ef_construction,
        )
        self._mapped = False
        self._scale = 1.0
        if self._codes:
            self._scale = 127.0 / max(float(np.abs(part).max()) for _, part in chunks(vectors))
            (self.folder / "scale").write_text(repr(self._scale))
        for ids, part in chunks(vectors):
            self._index.add(ids, self._given(part), threads=threads)

    def save(self) -> None:
        """Write the file."""
        self._index.save(str(self.folder / "index"))

    def load(self) -> None:
        """Map the file, which is its quickest way to open one."""
        self._index = Index.restore(str(self.folder / "index"), view=True)
        self._mapped = True
        self._scale = float((self.folder / "scale").read_text()) if self._codes else 1.0

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        self._index.expansion_search = ef
        answer = self._index.search(self._given(queries), k, threads=threads)
        return np.asarray(answer.keys, dtype=np.int64).reshape(len(queries), -1)

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Add rows in memory; a mapped index is read into memory first."""
        if self._mapped:
            self._index = Index.restore(str(self.folder / "index"), view=False)
            self._mapped = False
        self._index.add(ids, self._given(vectors), threads=1)

    def close(self) -> None:
        """Free the index."""
        self._index = None

    def facts(self) -> dict[str, Any]:
        """Version, and the kernels it has chosen."""
        index = Index(ndim=8, metric="l2sq", dtype=self._dtype)
        return {**super().facts(), "instructions": index.hardware_acceleration}

    def _given(self, vectors: Floats) -> Any:
        if not self._codes:
            return vectors
        return np.clip(np.rint(vectors * self._scale), -127, 127).astype(np.int8)
