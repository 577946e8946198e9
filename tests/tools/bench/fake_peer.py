"""A peer of the field that needs nothing: exact search in numpy; options make it misbehave."""

import os
import time

import numpy as np

from tools.bench.field.drivers.driver import Driver, RefusedError


class Fake(Driver):
    package = "numpy"

    def prepare(self):
        if "refuses" in self.options:
            raise RefusedError(self.options["refuses"])

    def build(self, vectors, *, M, ef_construction, threads):
        if self.options.get("dies"):
            os._exit(7)
        print("a library that talks on standard output")
        self._rows = np.array(vectors)

    def save(self):
        np.save(self.folder / "rows.npy", self._rows)

    def load(self):
        time.sleep(self.options.get("sleeps", 0))
        self._rows = np.load(self.folder / "rows.npy")

    def search(self, queries, k, ef, threads=1):
        self.searches = getattr(self, "searches", 0) + 1
        if self.searches > self.options.get("tires", 10**9):
            raise ValueError("tired")
        if threads > 1:
            raise RefusedError("one thread")
        apart = ((queries[:, None] - self._rows[None]) ** 2).sum(axis=2)
        found = np.argsort(apart, axis=1, kind="stable")[:, :k]
        found[:, max(1, ef // 2) :] = -1  # a tenth of the recall for every two candidates
        return found

    def insert(self, ids, vectors):
        if ids[0] != len(self._rows):
            raise ValueError(f"ids must count on from {len(self._rows)}")
        self._rows = np.concatenate([self._rows, vectors])
