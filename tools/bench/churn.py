"""Collections that change, for the reachability benchmark: vdb's and hnswlib's, told alike."""

import importlib
import shutil
import struct
import tempfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .metrics import Floats, Ids


class Changing(Protocol):
    """A collection of vectors under integer ids, l2."""

    name: str

    def upsert(self, ids: Ids, vectors: Floats) -> None:
        """Add vectors, or put them in the place of those already under these ids."""

    def delete(self, ids: Ids) -> None:
        """Remove vectors."""

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids; -1 fills what was not found."""

    def reached(self) -> set[int]:
        """Ids of all live vectors that a walk from the entry point can come to."""

    def problems(self) -> int | None:
        """How many problems the library's own check finds; None where there is no check."""

    def close(self) -> None:
        """Free memory and files."""


class ChangingVdb:
    """vdb on disk, one commit a call."""

    name = "vdb"

    def __init__(self, dim: int, folder: Path, *, M: int, ef_construction: int) -> None:
        vdb: Any = importlib.import_module("vdb")
        folder.mkdir(parents=True, exist_ok=True)
        self._home = tempfile.mkdtemp(dir=folder)
        self._database: Any = vdb.open(Path(self._home) / "churn.vdb")
        index = vdb.HNSW(M=M, ef_construction=ef_construction)
        self._collection: Any = self._database.create_collection(
            "churn", dim=dim, metric="l2", index=index
        )

    def upsert(self, ids: Ids, vectors: Floats) -> None:
        """Add or replace."""
        self._collection.upsert(ids, vectors)

    def delete(self, ids: Ids) -> None:
        """Remove."""
        self._collection.delete(ids)

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids."""
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        for row, hits in enumerate(self._collection.search_many(queries, k, ef=ef)):
            ids[row, : len(hits)] = [hit.id for hit in hits]
        return ids

    def reached(self) -> set[int]:
        """Return what one search for as many hits as there are vectors returns."""
        count = len(self._collection)
        first = next(iter(self._collection.scan())).vector
        return {hit.id for hit in self._collection.search(first, count, ef=count)}

    def problems(self) -> int | None:
        """Problems that `check` yields."""
        return sum(1 for _ in self._database.check())

    def close(self) -> None:
        """Close and delete the database."""
        self._database.close()
        shutil.rmtree(self._home, ignore_errors=True)


class ChangingHnswlib:
    """hnswlib, replacing deleted elements."""

    name = "hnswlib"

    def __init__(self, dim: int, capacity: int, *, M: int, ef_construction: int) -> None:
        module: Any = importlib.import_module("hnswlib")
        self._index: Any = module.Index("l2", dim)
        self._index.init_index(
            capacity, M=M, ef_construction=ef_construction, allow_replace_deleted=True
        )
        self._live: set[int] = set()

    def upsert(self, ids: Ids, vectors: Floats) -> None:
        """Update ids that are there in place; let new ones take deleted elements."""
        there = np.array([one in self._live for one in ids.tolist()])
        for chosen, replace in ((there, False), (~there, True)):
            if chosen.any():
                self._index.add_items(
                    vectors[chosen], ids[chosen], num_threads=1, replace_deleted=replace
                )
        self._live.update(ids.tolist())

    def delete(self, ids: Ids) -> None:
        """Mark as deleted."""
        for one in ids.tolist():
            self._index.mark_deleted(one)
        self._live.difference_update(ids.tolist())

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids; a query with fewer hits makes hnswlib raise: all -1 then."""
        self._index.set_ef(ef)
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        for row, query in enumerate(queries):
            try:
                ids[row] = self._index.knn_query(query[None, :], k=k, num_threads=1)[0][0]
            except RuntimeError:
                continue
        return ids

    def reached(self) -> set[int]:
        """Follow all links of all levels from the entry point."""
        state = _state_of(self._index)
        count, size = state["cur_element_count"], state["size_data_per_element"]
        rows = np.frombuffer(state["data_level0"].tobytes(), dtype=np.uint8)
        rows = rows[: count * size].reshape(count, size)
        degrees = rows[:, :2].copy().view(np.uint16)[:, 0]
        links = rows[:, 4 : 4 + 4 * state["max_M0"]].copy().view(np.uint32)
        offset = state["label_offset"]
        labels = rows[:, offset : offset + 8].copy().view(np.uint64)[:, 0]
        upper = _upper_links(state)
        seen = np.zeros(count, dtype=bool)
        stack = [int(state["enterpoint_node"])]
        seen[stack] = True
        while stack:
            node = stack.pop()
            linked = np.concatenate([links[node, : degrees[node]], upper.get(node, _NONE)])
            for other in np.unique(linked[~seen[linked]]).tolist():
                seen[other] = True
                stack.append(other)
        return {int(one) for one in labels[seen].tolist()} & self._live

    def problems(self) -> int | None:
        """No check."""
        return None

    def close(self) -> None:
        """Free the index."""
        self._index = None


_NONE: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)


def _state_of(index: Any) -> dict[str, Any]:
    """Inner state of an hnswlib index, as its own pickling gives it."""
    state = index.__getstate__()
    fields: dict[str, Any] = state[0] if isinstance(state, tuple) else state
    return fields


def _upper_links(state: dict[str, Any]) -> dict[int, NDArray[np.uint32]]:
    """Links of each element above level 0; lists lie one after another in order of elements."""
    data = state["link_lists"].tobytes()
    size = state["size_links_per_element"]
    links: dict[int, NDArray[np.uint32]] = {}
    start = 0
    for node, levels in enumerate(state["element_levels"].tolist()):
        parts = []
        for level in range(levels):
            row = data[start + level * size : start + (level + 1) * size]
            (degree,) = struct.unpack_from("<H", row)
            parts.append(np.frombuffer(row, dtype=np.uint32, count=degree, offset=4))
        start += levels * size
        if parts:
            links[node] = np.concatenate(parts)
    return links
