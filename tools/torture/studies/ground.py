"""Records and queries that are hard on studies: equal, zero, short, long, of nearly length 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import vdb
from support import oracle
from support.kinds import Kind
from vdb.model.metrics import METRICS
from vdb.model.records import Id

__all__ = ["COUNT", "PARTS", "Ground"]

COUNT = 96
"""Records of a collection."""

PARTS = 3
"""Records have a number below this, to filter by."""

_GRAPH = vdb.HNSW(M=8, ef_construction=80)


class Ground:
    """The same records under every metric that takes them, added in another order each time.

    Attributes:
        kind: Metric and dtype.
        dim: Dimension; of bits, their number.
        ids: Ids, rising, (COUNT,).
        rows: Stored vectors in that order.
        parts: The number that is filtered by, in that order.
        queries: Queries with values, (n, dim).
        zero: A query of zeros.
    """

    def __init__(self, db: vdb.Database, kind: Kind, random: np.random.Generator) -> None:
        self.kind, self._db, self._random = kind, db, random
        self.dim = 16 if kind.dtype == "bit" else 8
        self.rows = _rows(kind, self.dim, random)
        self.parts = random.integers(0, PARTS, size=COUNT)
        self.ids: list[Id] = sorted(random.choice(10_000, size=COUNT, replace=False).tolist())
        if random.integers(0, 2):
            self.ids = [f"r{number:04}" for number in self.ids]
        self.queries = _queries(kind, self.rows, random)
        self.zero = np.zeros_like(self.queries[0])
        self._made: dict[tuple[str, str], tuple[vdb.Collection, NDArray[np.bool_]]] = {}

    def collection(self, index: str, metric: str | None = None) -> vdb.Collection:
        """The collection with that index, "flat" or "graph", under the kind's metric or another."""
        return self._held(index, self.kind.metric if metric is None else metric)[0]

    def there(self, metric: str | None = None) -> NDArray[np.bool_]:
        """Which records a collection under that metric has: those with a value, (COUNT,)."""
        return self._held("flat", self.kind.metric if metric is None else metric)[1]

    def takes(self, metric: str) -> bool:
        """Whether these records and queries have values under a metric."""
        if self.kind.dtype not in METRICS[metric].dtypes:
            return False
        unit = Kind(metric, self.kind.dtype).unit
        return not unit or self.kind.unit

    def values(self, metric: str, query: NDArray[Any]) -> NDArray[np.float64]:
        """Values of all records, as searches have them; NaN for those without one.

        Raises:
            ValueError: They are not those of numpy.
        """
        docs, there = self.collection("flat", metric), self.there(metric)
        hits = docs.search(query, COUNT, scores="native", with_payloads=False)
        numbers = np.full(COUNT, np.nan)
        place = {record: i for i, record in enumerate(self.ids)}
        numbers[[place[i] for i in hits.ids]] = hits.values
        exact = oracle.values(metric, query, self.rows[there], self.kind.dtype)
        size = np.abs(self.rows[there].astype(np.float64)).max() * np.abs(query).max() * self.dim
        near = np.abs(numbers[there] - exact) <= 1e-9 * max(1.0, float(size))
        if not near.all() or not np.isnan(numbers[~there]).all():
            raise ValueError(f"values of {metric} are not those of numpy")
        return numbers

    def _held(self, index: str, metric: str) -> tuple[vdb.Collection, NDArray[np.bool_]]:
        if (index, metric) not in self._made:
            dtype = self.kind.dtype
            docs = self._db.create_collection(
                f"{index}-{metric}",
                dim=self.dim,
                metric=metric,
                dtype=dtype,
                index=_GRAPH if index == "graph" else vdb.Flat(),
                fields={"part": "int"} if self._random.integers(0, 2) else None,
            )
            there = np.ones(COUNT, dtype=bool)
            if metric == "cosine":
                there = self.rows.any(axis=1)
            order = self._random.permutation(np.flatnonzero(there))
            payloads = [{"part": int(self.parts[i])} for i in order]
            docs.add([self.ids[i] for i in order], self.rows[order], payloads)
            self._made[index, metric] = docs, there
        return self._made[index, metric]


def _rows(kind: Kind, dim: int, random: np.random.Generator) -> NDArray[Any]:
    """Stored vectors, some of each sort, in any order."""
    if kind.dtype == "bit":
        rows = random.integers(0, 256, size=(COUNT, dim // 8)).astype(np.uint8)
        rows[40:60] = rows[random.integers(0, 6, size=20)]
        rows[60:64] = 0
    elif kind.dtype == "int8":
        rows = random.integers(-128, 128, size=(COUNT, dim)).astype(np.int8)
        rows[20:40] = random.integers(-1, 2, size=(20, dim))
        rows[40:60] = rows[random.integers(0, 6, size=20)]
        rows[60:64] = 0
    else:
        # Eighths: products and squares are exact, and halves and doubles tie under cosine.
        floats = random.integers(-16, 17, size=(COUNT, dim)) / 8
        floats[20:40] = floats[random.integers(0, 6, size=20)] * 2.0 ** random.integers(
            -3, 4, size=(20, 1)
        )
        unit = floats[:20] / np.maximum(np.linalg.norm(floats[:20], axis=1), 0.1)[:, None]
        near = [1.0, 1 + 3e-7, 1 - 4e-7, 1 + 4e-4, 1 - 4e-4]
        floats[64:84] = unit * random.choice(near, size=(20, 1))
        floats[84:90] *= 2.0**-13
        floats[90:94] *= 64
        floats[40:60] = floats[random.integers(0, 6, size=20)]
        floats[60:64] = 0
        if kind.unit:
            floats[60:64] = floats[0]
            floats[~floats.any(axis=1)] = 1
            floats /= np.linalg.norm(floats, axis=1, keepdims=True)
            floats[64:84] *= random.choice([1.0, 1 + 1e-4, 1 - 1e-4], size=(20, 1))
        rows = floats.astype(kind.dtype)
    if kind.metric in ("cosine", "dot"):
        rows[~rows.any(axis=1)] = 1
        if kind.unit:
            rows[~rows.any(axis=1)] = dim**-0.5
    return rows[random.permutation(COUNT)]


def _queries(kind: Kind, rows: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    """A stored one, one beside the data, one of length 1 and one that is long or short."""
    own = rows[[i for i in range(COUNT) if rows[i].any()][:4]]
    if kind.dtype == "bit":
        return np.concatenate([own[:2], np.bitwise_xor(own[2:], np.uint8(5))])
    if kind.dtype == "int8":
        beside = np.clip(own[2:].astype(int) + random.integers(-9, 10, own[2:].shape), -128, 127)
        beside[~beside.any(axis=1)] = 1
        return np.concatenate([own[:2], beside.astype(np.int8)])
    floats = own.astype(np.float64)
    floats[1] += random.integers(-8, 9, size=floats.shape[1]) / 16
    floats[1:][~floats[1:].any(axis=1)] = 1
    floats[2] *= (1 + 2e-6) / np.linalg.norm(floats[2])
    floats[3] *= random.choice([2.0**-12, 32.0])
    if kind.unit:
        floats /= np.linalg.norm(floats, axis=1, keepdims=True)
    return floats.astype(np.float32)
