"""Drivers of graphs, and of indexes of codes, that came after the first ones."""

from __future__ import annotations

import atexit
import contextlib
import io
import itertools
import math
import shutil
import tempfile
from functools import cache
from typing import Any

import numpy as np

from .engine import Answer, Engine, Floats

_FARTHEST = 3.4e38


def _rows(ids: Any, scores: Any, n: int) -> Answer:
    pairs = zip(np.ravel(ids).tolist(), np.ravel(scores).tolist(), strict=True)
    return {int(i): float(score) for i, score in pairs if 0 <= i < n}


class Svs(Engine):
    """SVS, flat."""

    convention = "svs"
    requires = "scalable-vs==0.5.0"
    version_of = "scalable-vs"
    metrics = {"l2": "L2", "ip": "MIP", "cosine": "Cosine"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import svs

        self.index = svs.Flat(vectors, getattr(svs.DistanceType, self.kind), num_threads=1)
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        return _rows(*self.index.search(query[None], self.n), self.n)


class Ngt(Engine):
    """NGT, a linear search; the radius of its graph."""

    convention = "ngt"
    requires = "ngt==2.8.0.post1"
    version_of = "ngt"
    metrics = {"l2": "L2", "cosine": "Cosine", "l1": "L1"}
    walks = True

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import ngtpy

        path = str(self.folder / "ngt")
        ngtpy.create(path, self.dim, distance_type=self.kind)
        self.index = ngtpy.Index(path, log_disabled=True)
        self.index.batch_insert(vectors, num_threads=1)
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        return {int(i): float(score) for i, score in self.index.linear_search(query, self.n)}

    def within(self, query: Floats, threshold: float) -> set[int]:
        """`search_radius`."""
        if threshold < 0:
            raise NotImplementedError  # it means that there is none
        self.index.set(num_of_search_objects=self.n, search_radius=threshold)
        ids = {int(i) for i, _ in self.index.search(query, self.n, epsilon=1.0)}
        self.index.set(search_radius=_FARTHEST)  # or it would hold for every later search
        return ids

    def close(self) -> None:
        """Close the index."""
        self.index.close()


class NgtAngle(Ngt):
    """NGT with its angle."""

    convention = "ngt-angle"
    place = "ngt"
    metrics = {"cosine": "Angle"}

    def plain(self, score: float) -> float:
        """1 minus the cosine."""
        return 1 - math.cos(score)


class Rabitqlib(Engine):
    """RaBitQLib, inverted lists with the raw vectors, all of which are looked at."""

    convention = "rabitqlib"
    requires = "rabitqlib==0.7.1"
    version_of = "rabitqlib"
    metrics = {"l2": "l2", "ip": "ip"}

    @classmethod
    def takes(cls, dim: int) -> bool:
        """Its rotation has no others."""
        return dim % 64 == 0

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import rabitqlib

        n = len(vectors)
        self.index = rabitqlib.IvfIndex(self.dim, n, 1, 32, metric=self.kind)
        self.index.build(vectors, vectors.mean(axis=0)[None], np.zeros(n, dtype=np.uint32))
        self.n = n

    def all(self, query: Floats) -> Answer:
        """All rows."""
        return _rows(*self.index.search(query[None], self.n, 1), self.n)


class Turbovec(Engine):
    """TurboVec, codes of four bits: its scores are estimates."""

    convention = "turbovec"
    requires = "turbovec==1.1.2"
    version_of = "turbovec"
    metrics = {"ip": "search"}
    estimates = True

    @classmethod
    def takes(cls, dim: int) -> bool:
        """Its codes fill bytes."""
        return dim % 8 == 0

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import turbovec

        self.index = turbovec.TurboQuantIndex(dim=self.dim, bit_width=4)
        self.index.add(vectors)
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        scores, ids = self.index.search(query[None], self.n)
        return _rows(ids, scores, self.n)


_PLACES = itertools.count()


@cache
def _hannoy_folder() -> str:
    """The one folder that a process may open."""
    folder = tempfile.mkdtemp(prefix="hannoy")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Hannoy(Engine):
    """hannoy, its graph."""

    convention = "hannoy"
    requires = "hannoy==0.1.3"
    version_of = "hannoy"
    metrics = {"l2": "EUCLIDEAN", "cosine": "COSINE"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import hannoy

        metric = getattr(hannoy.Metric, self.kind)
        self.base = hannoy.Database(_hannoy_folder(), metric)
        self.place_in_it = next(_PLACES)
        options = {"m": 32, "index": self.place_in_it}
        with contextlib.redirect_stdout(io.StringIO()), self.base.writer(self.dim, **options) as to:
            to.add_items(list(range(len(vectors))), vectors)
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows that the graph reaches."""
        hits = self.base.reader(self.place_in_it).by_vec(
            query.tolist(), n=self.n, ef_search=4 * self.n
        )
        return {int(i): float(score) for i, score in hits}


ENGINES = (Svs, Ngt, NgtAngle, Rabitqlib, Turbovec, Hannoy)
