"""What is fed to both: random vectors, and those on which engines are known to differ."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .engine import Floats

EVERY = ("l2", "ip", "cosine", "l1", "hamming")
REAL = EVERY[:4]
DIMS = (8, 13, 16, 24, 64, 100, 384)


class Case(NamedTuple):
    """Vectors (n, dim) and queries (m, dim); `edges`: exact in float32, so that thresholds are.

    For hamming they are bits, eight to a byte. `own`: every row's own number is tried as threshold.
    """

    name: str
    metrics: tuple[str, ...]
    vectors: NDArray[Any]
    queries: NDArray[Any]
    edges: bool = False
    own: bool = False

    @property
    def dim(self) -> int:
        """The dimension; of bits their number."""
        return self.vectors.shape[1] * (8 if self.metrics == ("hamming",) else 1)


def cases(seed: int) -> list[Case]:
    """All cases, the same for the same seed."""
    random = np.random.default_rng(seed)

    def normal(n: int, dim: int) -> Floats:
        return random.normal(size=(n, dim)).astype(np.float32)

    def unit(n: int, dim: int) -> Floats:
        rows = random.normal(size=(n, dim))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def spread(dim: int) -> Case:
        lengths = random.gamma(1.0, 2.0, size=(200, 1)) + 0.05
        vectors, queries = (normal(200, dim) * lengths).astype(np.float32), normal(2, dim)
        # Near duplicates of a query, and of one another.
        vectors[160:180] = queries[0] + normal(20, dim) * np.float32(1e-3)
        return Case(f"{dim} numbers", REAL, vectors, queries, own=True)

    steps = np.array([0, 3e-7, -3e-7, 2e-6, -2e-6, 4e-5, -4e-5, 4e-4, -4e-4, 2e-3, -2e-3])
    lengths = (1 + random.choice(steps, size=(160, 1))).astype(np.float32)
    query_lengths = (1 + steps[:, None]).astype(np.float32)
    tiny = 10.0 ** random.uniform(-6, -3, size=(160, 1))
    small = random.integers(-4, 5, size=(120, 4)).astype(np.float32)
    small[~small.any(axis=1)] = 1
    axes = np.concatenate([np.eye(4), -np.eye(4), 2 * np.eye(4)]).astype(np.float32)
    bits = random.integers(0, 256, size=(150, 8)).astype(np.uint8)
    return [
        *map(spread, DIMS),
        Case("near unit", ("cosine",), unit(160, 16) * lengths, unit(11, 16) * query_lengths),
        Case("tiny", ("cosine",), (unit(160, 16) * tiny).astype(np.float32), normal(4, 16)),
        Case("tiny queries", ("cosine",), normal(160, 16), unit(4, 16) * np.float32(2e-5)),
        Case("whole numbers", ("l2", "ip", "l1"), small, small[:6], edges=True),
        Case("axes", ("cosine",), axes, axes[:3], edges=True),
        Case("bits", ("hamming",), bits, bits[:5] ^ np.uint8(1), edges=True, own=True),
        Case("zero query", ("cosine",), normal(20, 4), np.zeros((1, 4), dtype=np.float32)),
    ]
