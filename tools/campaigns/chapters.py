"""The chapters of the history: how each begins, and its steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import vdb
from tools.campaigns.history import Chapter, Stage
from vdb.format.blocks import LINKS
from vdb.maintenance.rebuild import run

DIM = 8
COUNT = 80

QUICK = run.Pace(rows=32, seconds=0.0, share=1e9, blocks=4, copied=32, last=4)
"""Rebuilds make many commits at this pace."""


def vectors(first: int, count: int) -> NDArray[np.float32]:
    """Vectors that belong to numbers."""
    return np.random.default_rng(first).normal(size=(count, DIM)).astype(np.float32)


def payloads(numbers: range, salt: int = 0) -> list[dict[str, object]]:
    """Payloads that belong to numbers."""
    return [{"n": (i + salt) % 7, "text": "x" * ((i + salt) % 50)} for i in numbers]


# Steps


def open_(stage: Stage) -> None:
    stage.open = vdb.open(stage.path)


def open_relaxed(stage: Stage) -> None:
    stage.open = vdb.open(stage.path, durability="relaxed")


def close(stage: Stage) -> None:
    stage.close()


def make_docs(stage: Stage) -> None:
    index = vdb.HNSW(M=4, ef_construction=16, codes="int8")
    stage.db.create_collection("docs", dim=DIM, metric="l2", index=index, fields={"n": "int"})


def make_notes(stage: Stage) -> None:
    stage.db.create_collection("notes", dim=2, metric="cosine", index=vdb.Flat())


def add(stage: Stage) -> None:
    ids = range(1000, 1020)
    stage.docs.add(ids, vectors(1000, 20), payloads(ids), threads=1)


def add_long(stage: Stage) -> None:
    stage.notes.add("long", [3, 4], "y" * 30_000)


def write_both(stage: Stage) -> None:
    ids = range(10)
    with stage.db.batch():
        stage.docs.upsert(ids, vectors(2000, 10), payloads(ids, 3), threads=1)
        stage.docs.delete(range(20, 40))
        stage.notes.delete("note 3")
        stage.notes.add("both", [1, 1], {"a": 1})


def set_payloads(stage: Stage) -> None:
    stage.docs.set_payloads(range(40, 50), payloads(range(40, 50), 5))


def delete_some(stage: Stage) -> None:
    stage.docs.delete(where={"n": 4})


def index_text(stage: Stage) -> None:
    stage.docs.index_field("text", "keyword")


def drop_notes(stage: Stage) -> None:
    stage.db.drop_collection("notes")


def rebuild(stage: Stage) -> None:
    stage.docs.rebuild("cosine", vdb.HNSW(M=3, ef_construction=16), threads=1)


def rebuild_narrower(stage: Stage) -> None:
    stage.docs.rebuild("ip", dtype="float16", keep_previous=True, threads=1)


def roll_back(stage: Stage) -> None:
    stage.docs.rollback(threads=1)


def back_up(stage: Stage) -> None:
    stage.db.backup(stage.copy)


def compact(stage: Stage) -> None:
    stage.db.compact()


def repair(stage: Stage) -> None:
    stage.db.repair(threads=1)


# Beginnings


def nothing(_: Stage) -> None:
    """An empty directory."""


def filled(stage: Stage) -> None:
    """Two collections with records, holes and free pages."""
    ids = range(COUNT)
    with vdb.open(stage.path) as db:
        stage.open = db
        make_docs(stage)
        make_notes(stage)
        stage.docs.add(ids, vectors(0, COUNT), payloads(ids), threads=1)
        names = [f"note {i}" for i in range(8)]
        stage.notes.add(names, np.ones((8, 2)) + np.eye(8, 2), ["z" * (i * 900) for i in range(8)])
        stage.docs.delete(range(60, 70))
    stage.open = None


def damaged(stage: Stage) -> None:
    """The same, with one bit of every block of links flipped."""
    filled(stage)
    data = stage.path / "data.mdb"
    changed = bytearray(data.read_bytes())
    head = b"vdbk" + bytes([LINKS])
    at = changed.find(head)
    while at >= 0:
        changed[at + 48] ^= 1
        at = changed.find(head, at + 1)
    data.write_bytes(changed)


CHAPTERS = {
    "creating": Chapter(nothing, (open_, make_docs, make_notes, add, add_long, close)),
    "writing": Chapter(
        filled, (open_, add, write_both, set_payloads, add_long, delete_some, drop_notes, close)
    ),
    "relaxed": Chapter(filled, (open_relaxed, write_both, close)),
    "declaring": Chapter(filled, (open_, index_text, add, close)),
    "rebuilding": Chapter(filled, (open_, rebuild, rebuild_narrower, add, roll_back, close)),
    "copying": Chapter(filled, (open_, back_up, compact, add, close)),
    "repairing": Chapter(damaged, (open_, repair, add, close)),
}
