"""Batches without end, and a rebuild beside them: what is killed by the campaign `kills`.

Run as a program it is the process that forks (`forks`). Each fork goes on from what it finds, one
batch after the other, and tells the number of each batch once it has been committed. What the
database holds after a batch is said by `Contents` alone.

A batch writes to up to four collections: it adds a record, replaces some, changes the payload of
another, deletes one by a filter, and now and then drops a collection or makes it again.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import vdb
from tools.torture.shared.forks import Tell, serve
from vdb.maintenance.rebuild import run
from vdb.store import generations

DIMS = {"short": 8, "long": 12}
"""Models and their dimensions; vectors of "short" are the first numbers of those of "long"."""
KEPT = 12
"""Batches whose own record is kept."""
FIXED = 8
"""Records that every batch replaces."""
STILL = range(100_000, 100_200)
"""Records that no batch changes."""
TURN = 10
"""Batches from one removal of the collection of notes to the next."""
MADE = 3
"""In which batch of a turn it is made."""
METRICS = ("l2", "cosine", "ip")


def vector_of(batch: int, number: int, dim: int) -> NDArray[np.float32]:
    """The vector that a batch gives to a record; float16 holds it too."""
    drawn = np.random.default_rng([batch, number]).normal(size=max(DIMS.values()))
    return drawn.astype(np.float16).astype(np.float32)[:dim]


def payload_of(batch: int, *, again: bool = False) -> dict[str, Any]:
    """The payload that a batch gives to a record, and the one that the next batch leaves it."""
    changed = {"again": batch + 1} if again else {}
    return {"batch": batch, "tags": [f"t{batch % 5}"], "text": "x" * (batch * 37 % 6000)} | changed


def still_vectors(dim: int) -> NDArray[np.float32]:
    """Vectors of the records that no batch changes; some of them are equal."""
    shape = len(STILL), max(DIMS.values())
    drawn = np.random.default_rng(99).normal(size=shape).astype(np.float16)
    drawn[::7] = drawn[0]
    return drawn.astype(np.float32)[:, :dim]


@dataclass(frozen=True)
class Model:
    """What embeds records: their vectors by the batch in their payload."""

    dim: int

    def __call__(self, records: list[vdb.Record]) -> NDArray[np.float32]:
        still = still_vectors(self.dim)
        return np.stack(
            [
                still[int(one.id) - STILL[0]]
                if one.payload is None
                else vector_of(one.payload["batch"], int(one.id), self.dim)
                for one in records
            ]
        )


@dataclass(frozen=True)
class Contents:
    """What the database holds after a batch."""

    batch: int

    def written_by(self) -> dict[int, int]:
        """Record of `docs` -> the batch that wrote it, without those that no batch changes."""
        if self.batch == 0:
            return {}
        rows = dict.fromkeys(range(FIXED), self.batch)
        first = max(1, self.batch - KEPT + 1)
        return rows | {1000 + b: b for b in range(first, self.batch + 1)}

    def docs(self, dim: int) -> dict[int, tuple[NDArray[np.float32], Any]]:
        """Vector and payload of every record of `docs`, which has that dimension."""
        held = {
            number: (
                vector_of(batch, number, dim),
                payload_of(batch, again=number >= 1000 and batch < self.batch),
            )
            for number, batch in self.written_by().items()
        }
        still = zip(STILL, still_vectors(dim), strict=True)
        return held | {number: (vector, None) for number, vector in still}

    def notes(self) -> dict[str, str] | None:
        """Payloads of the collection of notes; None where there is none."""
        turn, step = divmod(self.batch, TURN)
        if step < MADE:
            return None
        numbers = range(turn * TURN + MADE, self.batch + 1)
        return {f"note {n}": "y" * (n * 911 % 20_000) for n in numbers}


def make(path: Path, draw: random.Random) -> None:
    """A database as it is before the first batch."""
    codes = draw.choice((None, "int8", "int4"))
    with vdb.open(path) as db:
        docs = db.create_collection(
            "docs",
            dim=DIMS["short"],
            model="short",
            metric=draw.choice(METRICS),
            dtype=draw.choice(("float32", "float16")),
            index=vdb.HNSW(M=4, ef_construction=16, codes=codes),
            fields={"batch": "int", "tags": "keyword[]", "text": vdb.Text()},
        )
        docs.add(STILL, still_vectors(docs.dim))
        db.create_collection("log", dim=1, metric="l2").add("last", [0], 0)


def write(db: vdb.Database, tell: Tell) -> None:
    """Batches without end."""
    docs, log = db.collection("docs"), db.collection("log")
    batch = log.get("last").payload
    while True:
        batch += 1
        with db.batch():
            _write_docs(docs, batch)
            _write_notes(db, batch)
            log.set_payloads("last", batch)
        tell(str(batch))


def _write_docs(docs: vdb.Collection, batch: int) -> None:
    fixed, new, dim = [*range(FIXED)], 1000 + batch, docs.dim
    docs.upsert(fixed, [vector_of(batch, i, dim) for i in fixed], [payload_of(batch)] * FIXED)
    docs.add(new, vector_of(batch, new, dim), payload_of(batch))
    if batch > 1:
        docs.set_payloads(new - 1, payload_of(batch - 1, again=True))
    if batch > KEPT:
        docs.delete(where={"batch": batch - KEPT})


def _write_notes(db: vdb.Database, batch: int) -> None:
    step = batch % TURN
    if step == 0 and "notes" in db:
        db.drop_collection("notes")
    if step == MADE:
        db.create_collection("notes", dim=2, metric="l2", index=vdb.Flat())
    held = Contents(batch).notes()
    if held is not None:
        name = f"note {batch}"
        db.collection("notes").add(name, [batch, 1], held[name])


def rebuild(docs: vdb.Collection, draw: random.Random) -> None:
    """Rebuilds without end, to one metric after the other; some are taken back or given up.

    Every third is to the other model: by a function, or by taking the first numbers.
    """
    # Many commits, or few, so that it comes to the end of it too.
    run.SCHEDULE = draw.choice(
        (
            run.Schedule(
                step_rows=48,
                checkpoint_seconds=0.0,
                checkpoint_share=1e9,
                commit_blocks=2,
                copy_rows=48,
                swap_rows=4,
            ),
            run.Schedule(
                step_rows=128,
                checkpoint_seconds=0.0,
                checkpoint_share=1e9,
                copy_rows=128,
                swap_rows=16,
            ),
            run.Schedule(swap_rows=1000),
        )
    )
    generations.REMOVED_BY_OTHERS = 1
    while True:
        info = docs.info()
        if info.previous is not None and draw.random() < 0.3:
            others = info.previous.dim != info.dim
            docs.rollback(vectors=Model(info.previous.dim) if others else None, threads=1)
            continue
        if info.rebuilding is not None and draw.random() < 0.1:
            docs.discard_rebuild()
            continue
        step = METRICS.index(info.metric) + 1
        other: dict[str, Any] = {}
        if draw.random() < 0.3:
            model = "long" if info.model == "short" else "short"
            other = {"model": model, "vectors": Model(DIMS[model])}
            if model == "short" and draw.random() < 0.5:
                other = {"model": model, "truncate": DIMS[model]}
        docs.rebuild(
            METRICS[step % 3],
            vdb.HNSW(M=2 + step, ef_construction=16, codes=draw.choice((None, "int8", "int4"))),
            draw.choice((info.dtype, "float32", "float16")),
            keep_previous=draw.random() < 0.5,
            threads=1,
            **other,
        )


def act(task: dict[str, Any], tell: Tell) -> None:
    """What a fork does until it is killed."""
    draw = random.Random(task["seed"])
    durability = draw.choice(("full", "relaxed"))
    with vdb.open(task["path"], lock_timeout=30, durability=durability) as db:
        if not task["rebuild"]:
            write(db, tell)
        failed: list[BaseException] = []

        def write_beside() -> None:
            try:
                write(db, tell)
            except BaseException as error:  # noqa: BLE001 - told by the thread that rebuilds
                failed.append(error)
                tell(f"! {type(error).__name__}: {error}")

        threading.Thread(target=write_beside, daemon=True).start()
        rebuild(db.collection("docs"), draw)


if __name__ == "__main__":
    serve(act)
