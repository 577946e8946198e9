"""What a worker process needs can be sent to it: every public class, but for open handles."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import pickle

import numpy as np
import pytest

import vdb
from vdb import errors
from vdb.model.unpicklable import Handle

HANDLES = {
    "AsyncCollection", "AsyncCollectionReader", "AsyncDatabase", "AsyncRecordScan",
    "AsyncSnapshot", "AsyncWalk", "Collection", "CollectionReader", "Database", "Problems",
    "RecordScan", "Snapshot",
}  # fmt: skip
ELSEWHERE = {
    "BackupInfo", "BackupReport", "ExportReport", "FusionComparison", "ImportReport",
    "PruneReport", "RestoreReport", "VerificationReport",
}  # fmt: skip
"""Results of calls that need other places: frozen dataclasses like the others."""

NO_VALUES = {"Filter", "PayloadEncoder"}
"""A base class, and a type of functions."""


@pytest.fixture
def docs(db, crowd):
    made = db.create_collection(
        "docs", dim=16, metric="l2", fields={"n": "int", "text": vdb.Text("english")}
    )
    made.add(
        range(400),
        crowd[:400],
        [{"n": i % 7, "text": f"word{i % 5} of a text"} for i in range(400)],
    )
    return made


def values(db, docs, q):
    """Public objects that are values, of as many classes as there are."""
    plans, Q = [], np.stack([q, q + 1])
    pending = docs.rebuild("ip", hold=True, progress=plans.append)
    other = db.create_collection("other", dim=16, metric="cosine")
    other.add(range(50), np.eye(50, 16) + 1)
    yield from [
        docs.search(q, 5, with_vectors=True),
        docs.search(q, 5)[0],
        docs.search(q, 5).plan,
        docs.search_many([q, q], 5),
        docs.search(q, 2, group_by="n"),
        docs.search(q, 2, group_by="n")[0],
        docs.search_text("word1"),
        docs.search_hybrid(text="word1", vector=q),
        docs.get(3),
        docs.upsert([1], q[None]),
        docs.values("n"),
        docs.info(),
        docs.info().history[0],
        docs.info().norms,
        docs.info().rebuilding,
        db.info(),
        pending,
        plans[0],
        docs.plan_rebuild("cosine"),
        docs.tune(sample=20),
        docs.tune(sample=20).curve[0],
        docs.recall(sample=20),
        docs.recall(sample=20).recall,
        docs.bench(sample=20, rounds=1, efs=[10]),
        docs.bench(sample=20, rounds=1, efs=[10]).points[0],
        docs.explain(q, 5),
        docs.explain(q, 5).sections[0],
        docs.inspect(),
        docs.inspect_record(3),
        db.repair(),
        vdb.Problem("here", "nothing"),
        vdb.compare_metrics(docs, Q, metrics=["l2", "ip"]),
        vdb.compare_collections([docs, other], [Q, Q]),
        vdb.calibrate_threshold(docs, Q, threshold=10.0, to_metric="ip"),
        vdb.HNSW(M=8),
        vdb.Flat(),
        vdb.Text("english"),
        (vdb.F("n") > 3) & (vdb.ID == 7),
        vdb.parse_filter({"n": {"$in": [1, 2]}}),
        vdb.scores.describe("pgvector", "l2"),
        vdb.lexical.describe("fts5"),
        vdb.fusion.describe("qdrant-rrf"),
    ]


def test_every_public_class_is_a_value_or_a_handle(db, docs, crowd):
    met = set()
    for one in values(db, docs, crowd[0]):
        again = pickle.loads(pickle.dumps(one))
        assert type(again) is type(one)
        assert repr(again) == repr(one)
        met.add(type(one).__name__)
    classes = {
        name: kind
        for name in vdb.__all__
        if inspect.isclass(kind := getattr(vdb, name)) and not issubclass(kind, vdb.VdbError)
    }
    assert {name for name, kind in classes.items() if issubclass(kind, Handle)} == HANDLES
    assert set(classes) - met - HANDLES == ELSEWHERE | NO_VALUES
    for name in ELSEWHERE:
        assert dataclasses.is_dataclass(classes[name])
        assert classes[name].__reduce_ex__ is object.__reduce_ex__


def test_handles_of_the_async_face_refuse(path):
    async def use():
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=2, metric="l2")
            async with db.snapshot() as moment:
                then = await moment.collection("docs")
                for handle in (db, docs, moment, then, docs.scan(), docs.ids(), db.batch()):
                    with pytest.raises(vdb.ArgumentTypeError, match=r"open it in the worker|task"):
                        pickle.dumps(handle)

    asyncio.run(use())


@pytest.mark.parametrize("name", errors.__all__)
def test_errors_keep_all_their_fields(name):
    kind = getattr(vdb, name)
    fields = {
        one.name: VALUE_OF.get(one.name, f"the {one.name}")
        for one in inspect.signature(kind.__init__).parameters.values()
        if one.kind is one.KEYWORD_ONLY
    }
    error = kind("a text", **fields)
    error.add_note("and a note")
    again = pickle.loads(pickle.dumps(error))
    assert {field: getattr(again, field) for field in fields} == fields
    assert (str(again), again.__notes__) == (str(error), ["and a note"])


VALUE_OF = {"count": 3, "ids": (1, 2), "row": 4, "since": 1.5}
