"""A scripted life of a database, and what it holds after each of its batches.

Run as a program it lives that life: creation, batches, upserts, deletes, rebuilds with batches
meanwhile, rollbacks, fields, compaction, backups, closing and opening again. What it has been told
is done it writes, line by line, to a file beside the database.
"""

from __future__ import annotations

import functools
import os
import random
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import vdb
from vdb.maintenance.rebuild import run
from vdb.store import generations

DIM = 8
STILL = 40
"""Records of the first batch that few later ones touch."""
BATCHES = 80
METRICS = ("l2", "cosine", "ip")
CODES = (None, "int8", "int4")

Rows = dict[int, int]
"""Record -> number of the batch that wrote it."""


class History:
    """What the batches write, drawn from a seed.

    Attributes:
        rows: What "docs" holds after each batch; batch 0 made nothing, batch 1 the collections.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.rows: list[Rows] = [{}, dict.fromkeys(range(STILL), 1)]
        self._deleted: list[list[int]] = [[], []]
        # One more than are written: the reader of the files goes on with it.
        for batch in range(2, BATCHES + 2):
            self._draw(batch)

    def _draw(self, batch: int) -> None:
        draw = random.Random(f"{self._seed} {batch}")
        rows = dict(self.rows[-1])
        there = sorted(rows)
        deleted = draw.sample(there, draw.randrange(4))
        for record in deleted:
            del rows[record]
        for record in draw.sample(there, draw.randrange(1, 5)):
            rows[record] = batch
        for i in range(draw.randrange(5)):
            rows[batch * 1000 + i] = batch
        self.rows.append(rows)
        self._deleted.append(deleted)

    @functools.cache  # noqa: B019 - a few histories at a time
    def vector(self, record: int, batch: int) -> NDArray[np.float32]:
        """What a batch gives to a record; float16 holds it too. Some are equal."""
        of = [self._seed, batch, record] if record % 7 else [self._seed, record % 14]
        return np.random.default_rng(of).normal(size=DIM).astype(np.float16).astype(np.float32)

    def payload(self, record: int, batch: int) -> dict[str, object]:
        """Likewise; some are several pages long."""
        length = (record * 31 + batch * 97) % 400
        return {"batch": batch, "text": "x" * (length * 20 if length < 20 else length)}

    def write(self, db: vdb.Database, batch: int) -> None:
        """One batch: one commit, whatever is in it."""
        with db.batch():
            if batch == 1:
                self._create(db)
            docs, log = db.collection("docs"), db.collection("log")
            written = [record for record, of in self.rows[batch].items() if of == batch]
            docs.delete(self._deleted[batch])
            docs.upsert(
                written,
                [self.vector(record, batch) for record in written],
                [self.payload(record, batch) for record in written],
                threads=1,
            )
            log.upsert(f"batch {batch % 20}", [batch], "y" * (batch % 3 * 3000))
            log.upsert("last", [batch], batch)

    def _create(self, db: vdb.Database) -> None:
        index = vdb.HNSW(M=4, ef_construction=16)
        fields = {"batch": "int", "text": vdb.Text()}
        db.create_collection("docs", dim=DIM, metric="l2", index=index, fields=fields)
        db.create_collection("log", dim=1, metric="l2", index=vdb.Flat())


class Life:
    """Lives a history in a database, and tells what it was told is done."""

    def __init__(self, seed: int, root: Path, durability: str) -> None:
        self._history = History(seed)
        self._draw = random.Random(seed)
        self._root, self._durability = root, durability
        self._acks = os.open(root / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._batch = 0
        self._db = self._open()
        self._tell("made")

    def _open(self) -> vdb.Database:
        return vdb.open(self._root / "live.vdb", durability=self._durability)

    def _tell(self, what: str) -> None:
        os.write(self._acks, f"{what}\n".encode())

    def _write(self) -> None:
        if self._batch < BATCHES:
            self._batch += 1
            self._history.write(self._db, self._batch)
            self._tell(f"batch {self._batch}")

    def live(self) -> None:
        """To its end."""
        for _ in range(5):
            self._write()
        events = [self._rebuild, self._compact, self._backup, self._reopen, self._others]
        while self._batch < BATCHES:
            self._draw.choice(events)()
            for _ in range(self._draw.randrange(6)):
                self._write()
        self._db.close()
        self._tell("closed")

    def _rebuild(self) -> None:
        docs = self._db.collection("docs")
        info, draw = docs.info(), self._draw
        if info.previous is not None and draw.random() < 0.4:
            docs.rollback(threads=1)
            return
        metric = METRICS[(METRICS.index(info.metric) + 1) % 3]
        M = draw.choice((3, 4, 6))
        docs.rebuild(
            metric,
            vdb.HNSW(M=M, ef_construction=16, codes=draw.choice(CODES)),
            draw.choice(("float32", "float16")),
            keep_previous=draw.random() < 0.5,
            threads=1,
            validate=False,
            progress=self._meanwhile,
        )

    def _meanwhile(self, _: object) -> None:
        if self._draw.random() < 0.3:
            self._write()

    def _compact(self) -> None:
        self._db.compact()
        self._tell("flushed")

    def _backup(self) -> None:
        name = f"copy of {self._batch}"
        if not (self._root / name).exists():
            self._db.backup(self._root / name)
            self._tell(name)

    def _reopen(self) -> None:
        self._db.close()
        self._tell("flushed")
        self._db = self._open()

    def _others(self) -> None:
        """Commits that are no batch of the history."""
        docs = self._db.collection("docs")
        if "other" in self._db:
            self._db.drop_collection("other")
            docs.drop_field("text")
        else:
            other = self._db.create_collection("other", dim=2, metric="cosine", dtype="int8")
            other.add(["a", "b"], [[1, 2], [3, 4]])
            docs.index_field("text", vdb.Text())


def main() -> None:
    """Arguments: seed, directory, durability."""
    run.SCHEDULE = run.Schedule(
        step_rows=16,
        checkpoint_seconds=0.0,
        checkpoint_share=1e9,
        commit_blocks=2,
        copy_rows=32,
        swap_rows=4,
    )
    generations.REMOVED_BY_OTHERS = 1
    Life(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]).live()


if __name__ == "__main__":
    main()
