"""VSAG: HGraph with float32, sq8_uniform or rabitq; one `knn_search` a query."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyvsag

from .driver import Driver, Floats, Ids, RefusedError, whole

# What reorders the candidates that the codes found.
PRECISE = {"fp32": None, "sq8_uniform": "fp32", "rabitq": "fp32"}


class Vsag(Driver):
    """An index in memory, saved as one file. Options: codes.

    Its degree is that of the lowest level, where the others have 2 * M.
    """

    package = "pyvsag"
    batches = False

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors."""
        settings = {"M": M, "ef_construction": ef_construction, "threads": threads}
        (self.folder / "parameters.json").write_text(json.dumps(settings))
        self._make()
        ids = np.arange(len(vectors), dtype=np.int64)
        numbers = whole(vectors)
        self._index.build(vectors=numbers, ids=ids, num_elements=len(numbers), dim=self.dim)

    def save(self) -> None:
        """Write the file."""
        self._index.save(str(self.folder / "index"))

    def load(self) -> None:
        """Read the file."""
        self._make()
        self._index.load(str(self.folder / "index"))

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        if threads != 1:
            raise RefusedError("searches one query a call, on one thread")
        matrix = np.full((len(queries), k), -1, dtype=np.int64)
        parameters = json.dumps({"hgraph": {"ef_search": max(ef, k)}})
        search = self._index.knn_search
        for row, query in enumerate(queries):
            answer = search(vector=query, k=k, parameters=parameters)
            # Which of the two comes first differs between releases, and from what is documented.
            ids = answer[0] if answer[0].dtype.kind == "i" else answer[1]
            matrix[row, : ids.size] = ids.ravel()[:k]
        return matrix

    def close(self) -> None:
        """Free the index."""
        self._index = None

    def _make(self) -> None:
        """An empty index of the parameters that it was, or will be, built with."""
        pyvsag.set_logger_off()
        built = json.loads((self.folder / "parameters.json").read_text())
        codes = self.options.get("codes", "fp32")
        index: dict[str, Any] = {
            "base_quantization_type": codes,
            "max_degree": 2 * built["M"],
            "ef_construction": built["ef_construction"],
            "build_thread_count": built["threads"],
        }
        if PRECISE[codes]:
            index |= {"use_reorder": True, "precise_quantization_type": PRECISE[codes]}
        options = {
            "dtype": "float32",
            "metric_type": self.metric,
            "dim": self.dim,
            "index_param": index,
        }
        self._index = pyvsag.Index("hgraph", json.dumps(options))
