"""Denormal numbers: processors take up to a hundred times as long with them."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import ClassVar

import numpy as np

import vdb
from tools.torture.shared.campaign import Campaign

DIM, RECORDS, QUERIES, TURNS = 256, 3000, 40, 7
MOST = 2.0
KINDS: tuple[tuple[str, str, vdb.HNSW | vdb.Flat], ...] = (
    ("l2", "float32", vdb.HNSW()),
    ("l2", "float32", vdb.HNSW(codes="int8")),
    ("l2", "float16", vdb.HNSW()),
    ("ip", "float32", vdb.HNSW()),
    ("ip", "float32", vdb.HNSW(codes="int4")),
    ("l1", "float32", vdb.HNSW()),
    ("l2", "float32", vdb.Flat()),
    ("ip", "float16", vdb.Flat()),
    ("l1", "float32", vdb.Flat()),
)


class Denormals(Campaign):
    """A search for a denormal query takes at most twice as long as one for a normal query."""

    accepted = ("at most twice as long",)
    full: ClassVar[int] = len(KINDS)

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._worst = 0.0

    def round(self, number: int) -> str:
        metric, dtype, index = KINDS[number % len(KINDS)]
        random = np.random.default_rng([self.seed, number])
        rows = random.normal(size=(RECORDS, DIM)).astype(np.float32)
        # Half of the stored vectors hold denormal numbers too.
        rows[::2, ::2] = 1e-40 if dtype == "float32" else 1e-7
        normal = random.normal(size=(QUERIES, DIM)).astype(np.float32)
        denormal = np.full((QUERIES, DIM), 1e-40, dtype=np.float32)
        with vdb.open(self.place / f"{number}.vdb", durability="relaxed") as db:
            docs = db.create_collection("c", dim=DIM, metric=metric, dtype=dtype, index=index)
            docs.add(range(RECORDS), rows)
            fastest = {"normal": np.inf, "denormal": np.inf}
            for _ in range(TURNS):  # in turns, so that both meet the same machine
                for name, queries in (("normal", normal), ("denormal", denormal)):
                    began = time.process_time()
                    docs.search_many(queries, ef=64, threads=1)
                    fastest[name] = min(fastest[name], time.process_time() - began)
        ratio = fastest["denormal"] / fastest["normal"]
        self._worst = max(self._worst, ratio)
        if ratio <= MOST:
            return self.accepted[0]
        return f"{metric}, {dtype}, {index}: {ratio:.2f} times as long"

    def fault(self, seen: Counter[str]) -> str | None:
        del seen
        print(f"slowest: {self._worst:.2f} times as long")
        return None
