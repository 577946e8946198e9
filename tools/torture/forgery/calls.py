"""Every public call on a database, as functions of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import vdb

__all__ = ["READING", "SHELL", "WRITING", "Call"]

Call = Callable[[vdb.Database, Path], Any]
OfCollection = Callable[[vdb.Collection], Any]

QUERY = np.linspace(-1.0, 1.0, 8)
QUERIES = np.stack([QUERY, -QUERY, QUERY[::-1]])
BY_FIELDS = {"n": {"$gte": 2}, "word": "b" * 9}
BY_PAYLOADS = {"text": {"$exists": True}}


def _of(name: str, call: OfCollection) -> Call:
    return lambda db, _: call(db.collection(name))


def _of_all(calls: dict[str, OfCollection]) -> dict[str, Call]:
    return {
        f"{what} of {name}": _of(name, call)
        for what, call in calls.items()
        for name in ("docs", "notes", "texts")
    }


def _query(docs: vdb.Collection) -> Any:
    return np.ones(2, np.uint8) if docs.dtype == "bit" else np.resize(QUERY, docs.dim or 8)


def _rows(docs: vdb.Collection, count: int) -> Any:
    return np.stack([_query(docs)] * count)


def _new_ids(docs: vdb.Collection) -> list[Any]:
    return [500, 501, 502] if docs.name == "docs" else ["x", "y", "z"]


def _old_ids(docs: vdb.Collection) -> list[Any]:
    return list(range(0, 90, 7)) if docs.name == "docs" else ["a", "b", "c"]


def _whole_hits(docs: vdb.Collection) -> Any:
    hits = docs.search(_query(docs), 99, with_vectors=True)
    return [(hit.id, hit.vector, hit.payload) for hit in hits]


def _of_a_moment(db: vdb.Database, _: Path) -> Any:
    with db.snapshot() as moment:
        docs = moment.collection("docs")
        return len(docs), docs.search(QUERY, 3).ids.tolist(), [one.id for one in docs.scan()]


def _made(db: vdb.Database, _: Path) -> None:
    db.create_collection("made", dim=2, metric="l2").add([1], [[1, 2]])


READING: dict[str, Call] = {
    "info": lambda db, _: repr(db.info()),
    "collections": lambda db, _: [name in db for name in db.collections()],
    "repr": lambda db, _: repr(db),
    "snapshot": _of_a_moment,
    "search by recall": lambda db, _: db.collection("docs").search(QUERY, 3, target_recall=0.9),
    "inspect record": lambda db, _: db.collection("docs").inspect_record(1),
    "explain": lambda db, _: db.collection("docs").explain(QUERY, 1),
    "recall": lambda db, _: db.collection("docs").recall(k=3, sample=10),
    "compare": lambda db, _: vdb.compare_metrics(db.collection("docs"), QUERIES, k=3),
    "wrong facts": lambda db, _: db.collection("docs", metric="dot", dim=7),
} | _of_all(
    {
        "info": lambda docs: repr(docs.info()),
        "properties": lambda docs: (docs.metric, docs.dtype, docs.index, len(docs), repr(docs)),
        "search": _whole_hits,
        "search_many": lambda docs: docs.search_many(_rows(docs, 3), 5, ef=20).ids.tolist(),
        "exact": lambda docs: docs.search(_query(docs), 5, exact=True).ids.tolist(),
        "filter": lambda docs: docs.search(_query(docs), 5, where=BY_FIELDS).ids.tolist(),
        "count": lambda docs: docs.count(BY_PAYLOADS),
        "get": lambda docs: docs.get(_old_ids(docs) + _new_ids(docs)),
        "contains": lambda docs: (_new_ids(docs)[0] in docs, _old_ids(docs)[0] in docs),
        "scan": lambda docs: sum(1 for _ in docs.scan()),
        "ids": lambda docs: list(docs.ids()),
        "inspect": lambda docs: repr(docs.inspect()),
        "plan": lambda docs: docs.plan_rebuild(),
        "rows_within": lambda docs: docs.rows_within(1 << 28),
    }
)  # fmt: skip
"""Calls that change nothing."""

WRITING: dict[str, Call] = (
    _of_all(
        {
            "add": lambda docs: docs.add(_new_ids(docs), _rows(docs, 3), [{"n": 1}, None, {}]),
            "upsert": lambda docs: docs.upsert(_old_ids(docs)[1:2], _rows(docs, 1), [{"n": 2}]),
            "set_payloads": lambda docs: docs.set_payloads(_old_ids(docs)[:1], [{"n": 3}]),
            "delete": lambda docs: docs.delete(_old_ids(docs)[2:3]),
            "delete where": lambda docs: docs.delete(where={"n": 0}),
            "index_field": lambda docs: docs.index_field("more", "float"),
        }
    )
    | {
        "drop_field": lambda db, _: db.collection("docs").drop_field("n"),
        "create": _made,
        "tune": lambda db, _: db.collection("docs").tune(k=3, sample=10),
        "resume": lambda db, _: db.collection("docs").rebuild(metric="ip", validate=False),
        "rollback": lambda db, _: db.collection("docs").rollback(),
    }
    | _of_all(
        {
            "rebuild": lambda docs: docs.rebuild(validate=False),
            "discard": lambda docs: docs.discard_rebuild(),
            "drop_previous": lambda docs: docs.drop_previous(),
        }
    )
    | {
        "backup": lambda db, place: db.backup(place.with_name("backup.vdb")),
        "compact": lambda db, _: db.compact(),
        "repair": lambda db, _: db.repair(),
        "check": lambda db, _: list(db.check()),
        "drop": lambda db, _: db.drop_collection("docs"),
    }
)
"""Calls that write, in an order in which each finds what it needs."""

SHELL = (
    ("info", "{}"),
    ("info", "{}", "docs"),
    ("inspect", "{}", "docs"),
    ("check", "{}"),
    ("search", "{}", "docs", "--id", "1", "-k", "3"),
    ("search", "{}", "docs", "--id", "1", "--explain"),
    ("info", "{}", "docs", "--json"),
    ("backup", "{}", "{}.copy"),
)
"""Commands; {} stands for the database."""
