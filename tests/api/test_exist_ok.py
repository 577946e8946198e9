"""`create_collection(exist_ok=True)`: the collection of that name, made where there is none."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import vdb

FACTS = {"dim": 3, "metric": "cosine"}
WHOLE = FACTS | {
    "dtype": "float16",
    "index": vdb.HNSW(M=8, seed=3),
    "scores": "qdrant",
    "model": "m1",
    "fields": {"year": "int", "tags": "keyword[]"},
}


def test_the_first_call_creates_and_the_next_one_opens(db):
    first = db.create_collection("docs", **WHOLE, exist_ok=True)
    first.add("tea", [1, 2, 3], {"year": 2020})
    again = db.create_collection("docs", **WHOLE, exist_ok=True)
    assert again.get("tea").payload == {"year": 2020}
    assert again.info().generation == 1
    with pytest.raises(vdb.CollectionExistsError, match="exist_ok=True"):
        db.create_collection("docs", **WHOLE)


def test_what_is_not_given_is_not_compared(db):
    db.create_collection("docs", **WHOLE)
    docs = db.create_collection("docs", **FACTS, exist_ok=True)
    assert (docs.dtype, docs.index) == ("float16", vdb.HNSW(M=8, seed=3))
    bits = db.create_collection("bits", dim=64, metric="hamming", dtype="bit")
    assert db.create_collection("bits", dim=64, metric="hamming", exist_ok=True).dtype == bits.dtype


def test_it_may_have_more_fields_than_are_named(db):
    db.create_collection("docs", **WHOLE)
    db.create_collection("docs", **FACTS, fields={"year": "int"}, exist_ok=True)
    assert list(db.collection("docs").info().fields) == ["year", "tags"]


@pytest.mark.parametrize(
    ("options", "error", "text", "sides"),
    [
        ({"metric": "l2"}, vdb.MetricMismatchError, "has metric 'cosine'", ("cosine", "l2")),
        ({"dim": 4}, vdb.DimensionMismatchError, r"dim=3 .*not 4", (3, 4)),
        ({"model": "m2"}, vdb.ModelMismatchError, "'m1'.*not 'm2'", ("m1", "m2")),
        (
            {"dtype": "int8"},
            vdb.InvalidArgumentError,
            r"dtype 'float16', not 'int8'; rebuild\(dtype=\.\.\.\) changes it",
            ("float16", "int8"),
        ),
        (
            {"index": vdb.Flat()},
            vdb.InvalidArgumentError,
            r"index HNSW\(M=8.*not Flat\(\); rebuild\(index=",
            (vdb.HNSW(M=8, seed=3), vdb.Flat()),
        ),
        (
            {"scores": "pinecone"},
            vdb.InvalidArgumentError,
            "scores 'qdrant', not 'pinecone'",
            ("qdrant", "pinecone"),
        ),
        (
            {"fields": {"year": "int", "lang": "keyword"}},
            vdb.InvalidArgumentError,
            r"field 'lang' is declared not as keyword; index_field\('lang', 'keyword'\)",
            (None, "keyword"),
        ),
        (
            {"fields": {"year": "float"}},
            vdb.InvalidArgumentError,
            r"'year' is declared as int, not as float; drop_field\('year'\) and index_field",
            ("int", "float"),
        ),
    ],
)
def test_another_schema_is_refused_with_both_sides(db, options, error, text, sides):
    db.create_collection("docs", **WHOLE)
    before = db.collection("docs").info()
    with pytest.raises(error, match=text) as caught:
        db.create_collection("docs", **(WHOLE | options), exist_ok=True)
    assert (caught.value.expected, caught.value.received) == sides
    assert db.collection("docs").info() == before


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"metric": "l7"}, vdb.InvalidArgumentError, "metric must be one of"),
        ({"dim": 0}, vdb.InvalidArgumentError, "dim must be between"),
        ({"dtype": "int4"}, vdb.InvalidArgumentError, "dtype must be one of"),
        ({"index": "flat"}, vdb.ArgumentTypeError, "index must be"),
        ({"scores": "azure2"}, vdb.InvalidArgumentError, "scores"),
        ({"fields": {"year": "integer"}}, vdb.InvalidArgumentError, "must be one of int"),
        ({"exist_ok": 1}, vdb.ArgumentTypeError, "exist_ok must be a bool"),
    ],
)
@pytest.mark.parametrize("there", [False, True])
def test_what_cannot_be_a_schema_is_refused_whether_there_is_one_or_not(
    db, options, error, text, there
):
    if there:
        db.create_collection("docs", **WHOLE)
    with pytest.raises(error, match=text):
        db.create_collection("docs", **(FACTS | {"exist_ok": True} | options))
    assert db.collections() == (["docs"] if there else [])


def test_after_a_rebuild_the_new_schema_is_what_counts(db):
    docs = db.create_collection("docs", **FACTS)
    docs.add([1, 2], np.eye(3)[:2])
    docs.rebuild(metric="l2", dtype="float16")
    with pytest.raises(vdb.MetricMismatchError, match="--metric cosine"):
        db.create_collection("docs", **FACTS, exist_ok=True)
    assert len(db.create_collection("docs", dim=3, metric="l2", exist_ok=True)) == 2


def test_an_existing_one_needs_no_lock_and_no_right_to_write(path):
    with vdb.open(path) as db:
        db.create_collection("docs", **FACTS)
    with vdb.open(path, read_only=True) as db:
        assert db.create_collection("docs", **FACTS, exist_ok=True).dim == 3
        with pytest.raises(vdb.ReadOnlyError):
            db.create_collection("other", **FACTS, exist_ok=True)


def test_inside_a_batch_it_sees_what_the_batch_has_made(db):
    with db.batch():
        db.create_collection("docs", **FACTS, exist_ok=True).add(1, [1, 0, 0])
        assert len(db.create_collection("docs", **FACTS, exist_ok=True)) == 1
        db.drop_collection("docs")
        assert len(db.create_collection("docs", **FACTS, exist_ok=True)) == 0
    assert db.collections() == ["docs"]


RACER = """
import sys, vdb
path, own = sys.argv[1], int(sys.argv[2])
db = vdb.open(path, lock_timeout=60, durability="relaxed")
print("ready", flush=True)
sys.stdin.readline()
for name in map(str, range(20)):
    docs = db.create_collection(name, dim=2, metric="l2", fields={"n": "int"}, exist_ok=True)
    docs.add(own, [own, 1.0], {"n": own})
"""


def test_of_processes_that_race_one_creates_and_all_go_on(path):
    vdb.open(path).close()
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(path), str(own)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for own in range(4)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        racer.communicate(timeout=120)
        assert racer.returncode == 0
    with vdb.open(path) as db:
        assert len(db.collections()) == 20
        for name in db.collections():
            assert list(db.collection(name).ids()) == [0, 1, 2, 3]
