"""Data sets as files that every process maps: real vectors, and clusters made from a seed.

A set has a name: `real` and `real-unit` (from `--data`), or `100000x128` for made ones, which also
take the short form `100kx128`, `1Mx768`. Smaller made sets are prefixes of larger ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tools.bench.data import Dataset, Truth, load_real
from tools.bench.metrics import DESCENDING, Floats, Ids, pair_values, rank_keys

QUERIES: Final = 2_000
CLUSTERS: Final = 1_000
SEED: Final = 7
ROWS: Final = 32_768  # made, and compared with the queries, at a time
AT_ONCE: Final = 256  # queries whose candidates are compared in float64 at a time
DTYPES: Final = ("float32", "float16")
_MADE: Final = re.compile(r"(\d+)([kM]?)x(\d+)")
_UNITS: Final = {"": 1, "k": 1_000, "M": 1_000_000}


@dataclass(frozen=True)
class DataFiles:
    """One set on disk.

    Attributes:
        name: what the tables call it.
        folder: holds vectors.npy (n, dim), queries.npy (m, dim), and the truth.
    """

    name: str
    folder: Path

    @property
    def vectors(self) -> Path:
        """File of the vectors."""
        return self.folder / "vectors.npy"

    @property
    def queries(self) -> Path:
        """File of the queries."""
        return self.folder / "queries.npy"

    def mapped(self) -> Dataset:
        """Vectors as a map of their file, queries in memory as float32."""
        queries = np.load(self.queries).astype(np.float32)
        return Dataset(self.name, np.load(self.vectors, mmap_mode="r"), queries)

    def truth(self, metric: str, k: int, count: int) -> Truth:
        """Exact neighbours of the first `count` queries, kept beside the vectors."""
        path = self.folder / f"truth-{metric}-{k}.npz"
        if not path.exists():
            truth = rank(self.mapped(), metric, k)
            np.savez(path, ids=truth.ids, limit=truth.limit)
        with np.load(path) as stored:
            return Truth(stored["ids"][:count], stored["limit"][:count])


def prepare(name: str, home: Path, data: Path, dtype: str = "float32") -> DataFiles:
    """Make or find the files of a set below `home`.

    Raises:
        ValueError: there is no such set.
        FileNotFoundError: `data` has no vectors or no queries.
    """
    made = _MADE.fullmatch(name)
    if made is not None:
        n, dim = int(made[1]) * _UNITS[made[2]], int(made[3])
        label = f"{n}x{dim}" if dtype == "float32" else f"{n}x{dim}-{dtype}"
        files = DataFiles(label, home / label)
        if not files.queries.exists():
            files.folder.mkdir(parents=True, exist_ok=True)
            write_made(files, n, dim, dtype)
        return files
    if name not in ("real", "real-unit"):
        raise ValueError(f"{name!r} is not a data set: real, real-unit, or one like 100kx128")
    return _write_real(name, home, data)


def _write_real(name: str, home: Path, data: Path) -> DataFiles:
    place = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:8]
    files = DataFiles(name, home / f"{name}-{place}")
    if not files.queries.exists():
        files.folder.mkdir(parents=True, exist_ok=True)
        loaded = load_real(data)
        for path, rows in ((files.vectors, loaded.vectors), (files.queries, loaded.queries)):
            lengths = np.linalg.norm(rows, axis=1, keepdims=True)
            np.save(path, rows / lengths if name == "real-unit" else rows)
    return files


def write_made(files: DataFiles, n: int, dim: int, dtype: str) -> None:
    """Write n x dim vectors part by part, and the queries last: a set with queries is whole."""
    stored: Any = np.lib.format.open_memmap(files.vectors, "w+", np.dtype(dtype), (n, dim))
    start = 0
    for part in made(dim, SEED):
        rows = min(len(part), n - start)
        stored[start : start + rows] = part[:rows]
        start += rows
        if start == n:
            break
    stored.flush()
    del stored
    np.save(files.queries, next(made(dim, SEED, queries=True))[:QUERIES])


def made(dim: int, seed: int, *, queries: bool = False) -> Iterator[Floats]:
    """Clustered vectors without end, in parts; queries come from the same distribution.

    1,000 clusters of uneven size on a curved-down spectrum, norms spread by a quarter: a point is
    its cluster's centre plus noise, both with variances that fall from the first direction to the
    last as they do in embeddings, turned by one random rotation.
    """
    rng = np.random.default_rng(seed)
    spectrum = ((1.0 + np.arange(dim) / 16.0) ** -1.0).astype(np.float32)
    centres = rng.standard_normal((CLUSTERS, dim), dtype=np.float32) * spectrum
    weights = rng.pareto(1.5, CLUSTERS) + 0.2
    rotation = np.linalg.qr(rng.standard_normal((dim, dim)))[0].astype(np.float32)
    number = 0
    while True:
        # Each part from a seed of its own, so that a shorter set is a prefix of a longer one.
        own = np.random.default_rng([seed, int(queries), number])
        owner = own.choice(CLUSTERS, ROWS, p=weights / weights.sum())
        noise = own.standard_normal((ROWS, dim), dtype=np.float32)
        points = centres[owner] + np.float32(0.7) * noise * spectrum
        lengths = own.lognormal(0.0, 0.25, (ROWS, 1)).astype(np.float32)
        yield (points @ rotation) * lengths
        number += 1


def rank(dataset: Dataset, metric: str, k: int) -> Truth:
    """Exact neighbours, block of vectors by block: 4k candidates by float32 keys, then float64."""
    queries, width = dataset.queries, 4 * k
    best = np.empty((len(queries), 0), dtype=np.float32)
    ids = np.empty((len(queries), 0), dtype=np.int64)
    for start in range(0, len(dataset.vectors), ROWS):
        block = np.asarray(dataset.vectors[start : start + ROWS], dtype=np.float32)
        keys = rank_keys(metric, queries, block)
        if metric == "l2":
            keys = keys + np.einsum("ij,ij->i", queries, queries)[:, None]
        near = _smallest(keys, width)
        best = np.concatenate([best, np.take_along_axis(keys, near, axis=1)], axis=1)
        ids = np.concatenate([ids, near + start], axis=1)
        columns = _smallest(best, width)
        best = np.take_along_axis(best, columns, axis=1)
        ids = np.take_along_axis(ids, columns, axis=1)
    values = _values(dataset, metric, ids)
    order = np.argsort(-values if metric in DESCENDING else values, axis=1, kind="stable")
    ids = np.take_along_axis(ids, order[:, :k], axis=1)
    return Truth(ids, _values(dataset, metric, ids[:, -1:]))


def _smallest(keys: NDArray[np.float32], width: int) -> Ids:
    if keys.shape[1] <= width:
        return np.broadcast_to(np.arange(keys.shape[1], dtype=np.int64), keys.shape).copy()
    return np.argpartition(keys, width - 1, axis=1)[:, :width].astype(np.int64)


def _values(dataset: Dataset, metric: str, ids: Ids) -> NDArray[np.float64]:
    values = []
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        rows = dataset.vectors[part.ravel()].reshape(*part.shape, -1)
        values.append(pair_values(metric, dataset.queries[start : start + AT_ONCE], rows))
    return np.concatenate(values)
