"""What is searched: real embeddings from a folder, and clustered synthetic vectors."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from .metrics import DESCENDING, Floats, Ids, pair_values, rank_keys

VECTORS_FILE: Final = "paragraphs.f16.npy"
QUERIES_FILE: Final = "queries.f16.npy"
CHUNK: Final = 256  # queries ranked at a time, so that a (chunk, n) matrix stays small


@dataclass(frozen=True)
class Dataset:
    """Vectors and queries, both float32 and C-contiguous.

    Attributes:
        name: what the tables call it.
        vectors: (n, dim).
        queries: (m, dim).
    """

    name: str
    vectors: Floats
    queries: Floats

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""
        return int(self.vectors.shape[1])

    @property
    def label(self) -> str:
        """Name with its size: "real 30,851 x 384"."""
        return f"{self.name} {len(self.vectors):,} x {self.dim}"

    def digest(self) -> str:
        """A short name for exactly these bytes."""
        state = hashlib.sha256()
        for part in (self.vectors, self.queries):
            state.update(repr(part.shape).encode())
            state.update(part.tobytes())
        return state.hexdigest()[:16]


@dataclass(frozen=True)
class Truth:
    """The exact k nearest of every query.

    Attributes:
        ids: (m, k) int64, nearest first.
        limit: (m, 1) float64, the value of the k-th: whatever is as near counts as found.
    """

    ids: Ids
    limit: np.typing.NDArray[np.float64]


def load_real(folder: Path, *, limit: int | None = None) -> Dataset:
    """Read `paragraphs.f16.npy` (n, dim) and `queries.f16.npy` (m, dim); float16 or float32.

    Raises:
        FileNotFoundError: one of the two files is not there.
    """
    vectors = np.load(folder / VECTORS_FILE)[:limit].astype(np.float32)
    queries = np.load(folder / QUERIES_FILE).astype(np.float32)
    return Dataset("real", np.ascontiguousarray(vectors), np.ascontiguousarray(queries))


def make_synthetic(
    n: int = 100_000, dim: int = 128, *, queries: int = 2_000, seed: int = 7
) -> Dataset:
    """Clusters of uneven size on a curved-down spectrum, norms spread by a quarter.

    A point is its cluster's centre plus noise, both with variances that fall from the first
    direction to the last as they do in embeddings (the effective dimension is a few dozen), turned
    by one random rotation. Queries come from the same distribution.
    """
    rng = np.random.default_rng(seed)
    clusters = max(8, n // 400)
    spectrum = (1.0 + np.arange(dim) / 16.0) ** -1.0
    centres = rng.standard_normal((clusters, dim)) * spectrum
    weights = rng.pareto(1.5, clusters) + 0.2
    total = n + queries
    owner = rng.choice(clusters, total, p=weights / weights.sum())
    points = centres[owner] + 0.7 * rng.standard_normal((total, dim)) * spectrum
    rotation, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
    points = (points @ rotation) * rng.lognormal(0.0, 0.25, (total, 1))
    made = np.ascontiguousarray(points.astype(np.float32))
    return Dataset("synthetic", made[:n], made[n:])


def find_truth(dataset: Dataset, metric: str, k: int, cache: Path) -> Truth:
    """Exact nearest neighbours by brute force, kept in `cache` for the next run."""
    path = cache / f"truth-{dataset.digest()}-{metric}-{k}.npz"
    if path.exists():
        with np.load(path) as stored:
            return Truth(stored["ids"], stored["limit"])
    truth = _rank(dataset, metric, k)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(path, ids=truth.ids, limit=truth.limit)
    return truth


def _rank(dataset: Dataset, metric: str, k: int) -> Truth:
    """Choose 4k candidates by a float32 matrix product, order them by float64 values."""
    width = min(4 * k, len(dataset.vectors))
    parts = []
    for start in range(0, len(dataset.queries), CHUNK):
        queries = dataset.queries[start : start + CHUNK]
        keys = rank_keys(metric, queries, dataset.vectors)
        near = np.argpartition(keys, width - 1, axis=1)[:, :width].astype(np.int64)
        values = pair_values(metric, queries, dataset.vectors[near])
        order = np.argsort(-values if metric in DESCENDING else values, axis=1, kind="stable")
        parts.append(np.take_along_axis(near, order[:, :k], axis=1))
    ids = np.concatenate(parts)
    kth = dataset.vectors[ids[:, -1:]]
    return Truth(ids, pair_values(metric, dataset.queries, kth))
