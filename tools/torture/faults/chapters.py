"""The chapters of the history: how each begins, and its steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import vdb
from tools.torture.faults.history import Chapter, Stage
from vdb.maintenance.rebuild import run
from vdb.store.format.blocks import LINKS

DIM = 8
COUNT = 80

QUICK = run.Schedule(
    step_rows=32,
    checkpoint_seconds=0.0,
    checkpoint_share=1e9,
    commit_blocks=4,
    copy_rows=32,
    swap_rows=4,
)
"""Rebuilds make many commits at this pace."""


def vectors(first: int, count: int) -> NDArray[np.float32]:
    """Vectors that belong to numbers."""
    return np.random.default_rng(first).normal(size=(count, DIM)).astype(np.float32)


def payloads(numbers: range, salt: int = 0) -> list[dict[str, object]]:
    """Payloads that belong to numbers."""
    return [
        {
            "n": (i + salt) % 7,
            "text": "x" * ((i + salt) % 50),
            "words": f"word{(i + salt) % 5} of {i}",
        }
        for i in numbers
    ]


# Steps


def _open(stage: Stage) -> None:
    stage.open = vdb.open(stage.path)


def _open_relaxed(stage: Stage) -> None:
    stage.open = vdb.open(stage.path, durability="relaxed")


def _close(stage: Stage) -> None:
    stage.close()


def _make_docs(stage: Stage) -> None:
    index = vdb.HNSW(M=4, ef_construction=16, codes="int8")
    fields = {"n": "int", "words": vdb.Text()}
    stage.db.create_collection("docs", dim=DIM, metric="l2", index=index, fields=fields)


def _make_notes(stage: Stage) -> None:
    stage.db.create_collection("notes", dim=2, metric="cosine", index=vdb.Flat())


def _add(stage: Stage) -> None:
    ids = range(1000, 1020)
    stage.docs.add(ids, vectors(1000, 20), payloads(ids), threads=1)


def _add_long(stage: Stage) -> None:
    stage.notes.add("long", [3, 4], "y" * 30_000)


def _write_both(stage: Stage) -> None:
    ids = range(10)
    with stage.db.batch():
        stage.docs.upsert(ids, vectors(2000, 10), payloads(ids, 3), threads=1)
        stage.docs.delete(range(20, 40))
        stage.notes.delete("note 3")
        stage.notes.add("both", [1, 1], {"a": 1})


def _set_payloads(stage: Stage) -> None:
    stage.docs.set_payloads(range(40, 50), payloads(range(40, 50), 5))


def _delete_some(stage: Stage) -> None:
    stage.docs.delete(where={"n": 4})


def _index_text(stage: Stage) -> None:
    stage.docs.index_field("text", "keyword")


def _drop_notes(stage: Stage) -> None:
    stage.db.drop_collection("notes")


def _rebuild(stage: Stage) -> None:
    stage.docs.rebuild("cosine", vdb.HNSW(M=3, ef_construction=16), threads=1)


def _rebuild_narrower(stage: Stage) -> None:
    stage.docs.rebuild("ip", dtype="float16", keep_previous=True, threads=1)


def _roll_back(stage: Stage) -> None:
    stage.docs.rollback(threads=1)


def _back_up(stage: Stage) -> None:
    stage.db.backup(stage.copy)


def _compact(stage: Stage) -> None:
    stage.db.compact()


def _repair(stage: Stage) -> None:
    stage.db.repair(threads=1)


def _search(stage: Stage) -> None:
    queries = vectors(7, 30)
    stage.docs.search(queries[0], 3, ef=10)
    stage.docs.search_many(queries, 5, ef=20, threads=2)
    stage.docs.search(queries[1], 3, where={"n": {"$gte": 2}})
    stage.docs.search(queries[2], None, threshold=4.0)
    stage.docs.search_text('word1 "of 7"', 3, where={"n": {"$gte": 2}})
    stage.notes.search([1, 2], 3)


def _read(stage: Stage) -> None:
    stage.docs.get(range(10))
    list(stage.docs.scan())
    stage.docs.inspect()
    stage.docs.recall(k=3)
    stage.db.info()


# Beginnings


def _nothing(_: Stage) -> None:
    """An empty directory."""


def _filled(stage: Stage) -> None:
    """Two collections with records, holes and free pages."""
    ids = range(COUNT)
    with vdb.open(stage.path) as db:
        stage.open = db
        _make_docs(stage)
        _make_notes(stage)
        stage.docs.add(ids, vectors(0, COUNT), payloads(ids), threads=1)
        names = [f"note {i}" for i in range(8)]
        stage.notes.add(names, np.ones((8, 2)) + np.eye(8, 2), ["z" * (i * 900) for i in range(8)])
        stage.docs.delete(range(60, 70))
    stage.open = None


def _damaged(stage: Stage) -> None:
    """The same, with one bit of every block of links flipped."""
    _filled(stage)
    data = stage.path / "data.mdb"
    changed = bytearray(data.read_bytes())
    head = b"vdbk" + bytes([LINKS])
    at = changed.find(head)
    while at >= 0:
        changed[at + 48] ^= 1
        at = changed.find(head, at + 1)
    data.write_bytes(changed)


CHAPTERS = {
    "creating": Chapter(_nothing, (_open, _make_docs, _make_notes, _add, _add_long, _close)),
    "writing": Chapter(
        _filled,
        (_open, _add, _write_both, _set_payloads, _add_long, _delete_some, _drop_notes, _close),
    ),
    "reading": Chapter(_filled, (_open, _search, _read, _close)),
    "relaxed": Chapter(_filled, (_open_relaxed, _write_both, _close)),
    "declaring": Chapter(_filled, (_open, _index_text, _add, _close)),
    "rebuilding": Chapter(_filled, (_open, _rebuild, _rebuild_narrower, _add, _roll_back, _close)),
    "copying": Chapter(_filled, (_open, _back_up, _compact, _add, _close)),
    "repairing": Chapter(_damaged, (_open, _repair, _add, _close)),
}
