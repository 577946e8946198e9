"""A process that writes to a database by one kind of call until it is told to stop.

Run as a program it takes lines of JSON: a task with a "path", a "call" and the "first" id; without
a call it writes one record, reads it back, and leaves. It answers "open" when it has opened the
database, and at the end with one line: what it did.
"""

from __future__ import annotations

import json
import select
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import vdb

DIM = 4
NAME = "docs"
ADDED = 500_000
ELSE = -1
"""Stands for the id of a record where a call writes something else."""


def vector(number: int) -> list[float]:
    """The vector of a record."""
    return [float(number), 1.0, float(number % 7), 0.0]


def _compact(db: vdb.Database, _: int) -> None:
    db.compact()


def _repair(db: vdb.Database, _: int) -> None:
    db.repair()


def _rebuild(db: vdb.Database, _: int) -> None:
    db.collection(NAME).rebuild(index=vdb.HNSW(M=8 + 8 * (_ % 2)), validate=False)


def _batch(db: vdb.Database, number: int) -> None:
    with db.batch():
        docs = db.collection(NAME)
        docs.upsert(number, vector(number))
        docs.upsert(number, vector(number), {"n": number})


def _create(db: vdb.Database, number: int) -> None:
    db.create_collection(f"c{number}", dim=2, metric="l2")
    db.drop_collection(f"c{number}")


def _fields(db: vdb.Database, number: int) -> None:
    docs = db.collection(NAME)
    docs.index_field(f"f{number}", "int")
    docs.drop_field(f"f{number}")


CALLS: dict[str, Callable[[vdb.Database, int], None]] = {
    "add": lambda db, n: db.collection(NAME).add(n + ADDED, vector(n)),
    "upsert": lambda db, n: db.collection(NAME).upsert(n, vector(n)),
    "delete": lambda db, n: db.collection(NAME).delete(n + 1),
    "payloads": lambda db, n: db.collection(NAME).set_payloads([n], [{"n": n}]),
    "batch": _batch,
    "create": _create,
    "fields": _fields,
    "rebuild": _rebuild,
    "compact": _compact,
    "repair": _repair,
}

WRITTEN = {"add": ADDED, "upsert": 0, "payloads": 0, "batch": 0}
"""Which calls write a record, and how far its id is from the number they are given."""

Event = tuple[int, float, float, str]
"""Id of the record that was written, when the call began and ended, and the error; "" for none."""


def _told(seconds: float) -> str:
    """The next line, if there is one within so many seconds."""
    ready = select.select([sys.stdin], [], [], seconds)[0]
    return sys.stdin.readline() if ready else ""


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _write(db: vdb.Database, call: str, first: int) -> list[Event]:
    events: list[Event] = []
    number = first
    while not _told(0.001 if events and events[-1][3] else 0):
        for kind in ("upsert", call):
            began, error = time.monotonic(), ""
            try:
                CALLS[kind](db, number)
            except Exception as caught:  # noqa: BLE001 - which are fine is not decided here
                error = _named(caught)
            written = number + WRITTEN[kind] if kind in WRITTEN else ELSE
            events.append((written, began, time.monotonic(), error))
        number += 2
    return events


def _visit(db: vdb.Database, number: int) -> list[Event]:
    began, error = time.monotonic(), ""
    try:
        docs = db.collection(NAME)
        docs.upsert(number, vector(number))
        ids = [hit.id for hit in docs.search(np.array(vector(number)), k=1)]
        if ids != [number]:
            error = f"reads {ids} where it wrote {number}"
        problems = [str(problem) for problem in db.check()]
        if problems:
            error = f"not sound: {problems[:2]}"
    except Exception as caught:  # noqa: BLE001 - as above
        error = _named(caught)
    return [(number, began, time.monotonic(), error)]


def main() -> None:
    """One task after the other, until the input ends."""
    for line in iter(sys.stdin.readline, ""):
        task: dict[str, Any] = json.loads(line)
        began = time.monotonic()
        try:
            db = vdb.open(task["path"], create=False, lock_timeout=task["patience"])
        except Exception as caught:  # noqa: BLE001 - as above
            print(json.dumps([(-1, began, time.monotonic(), _named(caught))]), flush=True)
            continue
        print("open", flush=True)
        if "call" in task:
            events = _write(db, task["call"], task["first"])
        else:
            events = _visit(db, task["first"])
        try:
            db.close()
        except Exception as caught:  # noqa: BLE001 - as above
            events.append((-1, began, time.monotonic(), _named(caught)))
        print(json.dumps(events), flush=True)


if __name__ == "__main__":
    main()
