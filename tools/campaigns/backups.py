"""Copies that are made while others write."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np

import vdb
from tools.campaigns.campaign import Campaign

FIXED = 40


class Backups(Campaign):
    """A copy under load opens, is sound, and equals one commit."""

    accepted = ("one commit",)

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._db = vdb.open(place / "live.vdb", durability="relaxed")
        docs = self._db.create_collection("docs", dim=8, metric="l2", index=vdb.HNSW(M=4))
        docs.add(range(FIXED), np.zeros((FIXED, 8)) + np.arange(FIXED)[:, None], [0] * FIXED)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        docs = self._db.collection("docs")
        random = np.random.default_rng(self.seed)
        commit = 0
        while not self._over.is_set():
            commit += 1
            with self._db.batch():
                docs.set_payloads(range(FIXED), [commit] * FIXED)
                docs.upsert(1000 + commit % 50, random.normal(size=8), commit)
                docs.delete(1000 + (commit + 25) % 50)

    def round(self, number: int) -> str:
        copy = self.place / f"copy-{number}.vdb"
        self._db.backup(copy)
        try:
            with vdb.open(copy, create=False, read_only=True, verify="full") as db:
                docs = db.collection("docs")
                seen = {record.payload for record in docs.get(list(range(FIXED))) if record}
                newest = max(record.payload for record in docs.scan())
        except vdb.VdbError as error:
            return f"{type(error).__name__}: {error}"
        finally:
            shutil.rmtree(copy, ignore_errors=True)
        return "one commit" if seen == {newest} or newest == 0 else "several commits"

    def end(self) -> None:
        self._over.set()
        self._thread.join()
        self._db.close()
