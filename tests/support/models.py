"""Embedding models for tests: every record's vector by a formula of its payload."""

from __future__ import annotations

import numpy as np


class Model:
    """Embeds records whose payload is {"n": int}: a row of seeded numbers for each n.

    Attributes:
        calls: How many records each call had.
    """

    def __init__(self, dim, seed=1, *, unit=False):
        self.dim, self._seed, self._unit = dim, seed, unit
        self.calls = []

    def vector(self, n):
        """The vector of one number, float32 (dim,)."""
        row = np.random.default_rng([self._seed, n]).normal(size=self.dim)
        row = row / np.linalg.norm(row) if self._unit else row
        return row.astype(np.float32)

    def matrix(self, numbers):
        """The vectors of several, float32 (n, dim)."""
        return np.stack([self.vector(n) for n in numbers])

    def __call__(self, records):
        self.calls.append(len(records))
        return self.matrix([record.payload["n"] for record in records])

    @property
    def embedded(self):
        """How many vectors it has made."""
        return sum(self.calls)


def assert_embedded(docs, model, dtype=np.float32):
    """Every record of the collection has the model's vector of its payload, and can be found."""
    records = list(docs.scan())
    assert len(records) == len(docs)
    for record in records:
        expected = model.vector(record.payload["n"]).astype(dtype)
        assert record.vector.tobytes() == expected.tobytes(), record.id
    for record in records[:: max(1, len(records) // 20)]:
        assert record.id in docs.search(record.vector, 3, ef=200).ids
