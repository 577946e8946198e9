"""Exports to sqlite-vec: the extension finds vdb's neighbours, and the file is imported again."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

import vdb
from exports.collections import DIM, FIELDS, contents, fill, require_round_trip, vectors
from vdb.exports.databases import sqlite_vec as module


@pytest.fixture
def connection_of():
    """Opens a file with the extension."""
    pytest.importorskip("sqlite_vec")
    try:
        module._connection(":memory:").close()
    except ImportError as error:
        pytest.skip(str(error))
    return module._connection


@pytest.mark.parametrize("metric", ["l2", "l1", "cosine", "hamming"])
def test_the_extension_finds_the_same_neighbours(db, tmp_path, connection_of, metric):
    dtype = "bit" if metric == "hamming" else "float32"
    docs = fill(db, count=300, metric=metric, dtype=dtype)
    report = docs.export(tmp_path / "docs.db", "sqlite-vec")
    connection = connection_of(str(report.files[0]))
    value = "vec_bit(?)" if dtype == "bit" else "?"
    ask = f"SELECT id, distance FROM docs WHERE embedding MATCH {value} AND k = 10"
    for query in vectors(20, dtype, seed=1):
        rows = list(connection.execute(ask, [query.tobytes()]))
        hits = docs.search(query, k=10, exact=True, scores="sqlite-vec")
        assert np.allclose([hit.score for hit in hits], [one for _, one in rows], atol=1e-5)
        if dtype != "bit":  # these have ties
            assert [hit.id for hit in hits] == [one for one, _ in rows]
    connection.close()


@pytest.mark.parametrize("name", ["vdb_export", "VDB_export_chunks", "sqlite_stat1"])
def test_names_that_sqlite_or_the_file_needs_itself_are_refused(db, tmp_path, connection_of, name):
    docs = fill(db, name)
    with pytest.raises(vdb.InvalidArgumentError, match="the option table names another"):
        docs.export(tmp_path / "out.db")
    assert list(tmp_path.iterdir()) == []
    docs.export(tmp_path / "out.db", options={"table": "docs"})


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "bit"])
@pytest.mark.parametrize("ids", ["str", "int"])
def test_all_of_it_comes_back(db, tmp_path, connection_of, dtype, ids):
    docs = fill(db, dtype=dtype, ids=ids, scores="sqlite-vec", model="a model", fields=FIELDS)
    report = require_round_trip(docs, tmp_path / "docs", "sqlite-vec")
    assert [file.name for file in report.files] == ["docs.db"]
    assert [file.name for file in tmp_path.iterdir()] == ["docs.db"]
    assert report.notes[0].startswith("in the column payload only: n, title, tags, when, deep.x;")
    assert ("widened" in report.notes[-1]) == (dtype == "float16")
    assert ("lowest" in report.notes[-1]) == (dtype == "bit")


@pytest.mark.parametrize("options", [{"count": 0}, {"count": 3000}, {"index": vdb.Flat()}], ids=str)
def test_every_size_comes_back(db, tmp_path, connection_of, options):
    docs = fill(db, metric="cosine", scores="sqlite-vec", **options)
    require_round_trip(docs, tmp_path / "docs", "sqlite-vec")


def test_fields_that_all_records_have_can_be_filtered_by(db, tmp_path, connection_of):
    fields = {"year": "int", "price": "float", "kind": "keyword", "new": "bool", "lang.de": "int"}
    docs = db.create_collection("docs", dim=DIM, metric="l2", fields=fields, scores="sqlite-vec")
    payloads = [
        {"year": 2**63 - 1 - row, "price": row, "kind": "long kind " * (row % 3), "new": row < 5}
        for row in range(20)
    ]
    docs.add(list(range(20)), vectors(20), payloads)
    report = require_round_trip(docs, tmp_path / "docs.db", "sqlite-vec")
    assert report.notes[0].startswith("in the column payload only: lang.de; ")
    connection = connection_of(str(report.files[0]))
    where = "year > ? AND price < 7 AND kind = ? AND new = 1"
    ask = f"SELECT id FROM docs WHERE embedding MATCH ? AND k = 20 AND {where}"
    values = [vectors(1).tobytes(), 2**63 - 19, "long kind " * 2]
    assert sorted(connection.execute(ask, values)) == [(2,)]
    connection.close()


@pytest.mark.parametrize("value", [2**63, None])
def test_a_field_with_a_value_that_no_column_holds_is_in_the_payload_only(
    db, tmp_path, connection_of, value
):
    options = {"fields": {"n": "int"}, "scores": "sqlite-vec"}
    docs = db.create_collection("docs", dim=DIM, metric="l2", **options)
    docs.add([1, 2], vectors(2), [{"n": 1}, {"n": value}])
    report = require_round_trip(docs, tmp_path / "docs.db", "sqlite-vec")
    assert report.notes[0].startswith("in the column payload only: n; ")


def test_at_most_16_fields_and_no_names_of_other_columns_are_columns(db, tmp_path, connection_of):
    names = ["ID", "Payload", "k", *(f"f{number}" for number in range(18)), "F3", "order", "text"]
    docs = db.create_collection(
        "a-b.c", dim=DIM, metric="l2", fields=dict.fromkeys(names, "keyword"), scores="sqlite-vec"
    )
    docs.add([1], vectors(1), [{name: f"{name}\0 of a long text" for name in names}])
    report = require_round_trip(docs, tmp_path / "docs.db", "sqlite-vec")
    assert report.notes[0].startswith(
        "in the column payload only: ID, Payload, k, f16, f17, F3, order, text; "
    )
    connection = connection_of(str(report.files[0]))
    assert list(connection.execute("SELECT f15 FROM a_b_c")) == [("f15\0 of a long text",)]
    connection.close()


def test_what_was_changed_in_the_database_since_is_imported(db, tmp_path, connection_of):
    docs = db.create_collection("docs", dim=DIM, metric="l2", fields={"n": "int"})
    docs.add([1, 2, 3], vectors(3), [{"n": 1, "m": [1]}, {"n": 2}, {"n": 3}])
    place = docs.export(tmp_path / "docs.db", "sqlite-vec", options={"table": "t"}).files[0]
    connection = connection_of(str(place))
    connection.execute("UPDATE t SET n = 7 WHERE id = 1")
    connection.execute("DELETE FROM t WHERE id = 2")
    row = (9, vectors(1).tobytes(), 8)
    connection.execute("INSERT INTO t (id, embedding, n) VALUES (?, ?, ?)", row)
    connection.close()
    db.import_source(place, "again")
    payloads = {one.id: one.payload for one in db["again"].scan()}
    assert payloads == {1: {"n": 7, "m": [1]}, 3: {"n": 3}, 9: {"n": 8}}


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE docs SET payload = 'no JSON'", "rowid .* of docs: the payload is not JSON"),
        (
            "UPDATE vdb_export SET schema = replace(schema, '\"l2\"', '\"l1\"')",
            "metric l1, and the table docs l2",
        ),
        ("UPDATE vdb_export SET schema = replace(schema, '16', '8')", "8 dimensions of float32"),
        ("UPDATE vdb_export SET schema = replace(schema, 'n\": 1', 'n\": 2')", "must be 1, got 2"),
        ("UPDATE vdb_export SET schema = replace(schema, 'float32', 'float16')", "none of float16"),
    ],
)
def test_what_does_not_fit_the_table_is_named(db, tmp_path, connection_of, statement, message):
    place = fill(db, index=vdb.Flat()).export(tmp_path / "docs.db", "sqlite-vec").files[0]
    connection = connection_of(str(place))
    connection.execute(statement)
    connection.close()
    with (
        pytest.raises(vdb.SourceError, match=message),
        vdb.sources.open(place) as source,
    ):
        list(source.batches())


def test_a_verification_asks_the_extension(db, tmp_path, connection_of):
    pytest.importorskip("apsw")
    place = fill(db, dtype="float16").export(tmp_path / "docs.db", "sqlite-vec").files[0]
    report = db.import_source(place, "again", verify=10).verification
    assert report.agrees and report.engine.startswith("sqlite-vec")


def test_records_without_a_vector_are_left_out_when_asked_to(db, tmp_path, connection_of):
    docs = fill(db, bare=(0, 7), fields={"n": "int"})
    options = {"missing": "left-out"}
    report = docs.export(tmp_path / "docs", "sqlite-vec", options=options)
    assert report.notes[0] == "2 records without a vector are left out"
    assert (report.records, report.without_vector) == (38, 0)
    db.import_source(report.files[0], "again")
    docs.delete(["doc 000", "doc 007"])
    assert contents(db.collection("again"))[1] == contents(docs)[1]


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (
            {"metric": "ip"},
            {},
            "sqlite-vec takes the metric l2 or l1 or cosine or hamming; docs has",
        ),
        ({"metric": "dot"}, {}, "docs has dot"),
        ({"bare": (3,)}, {}, r"no record without a vector, and docs has 1: .*left-out"),
        ({}, {"table": "a b"}, "table must be made of"),
        ({}, {"table": ""}, "table must be made of"),
        ({}, {"column": "v"}, "there is no 'column'"),
    ],
    ids=str,
)
def test_what_it_cannot_hold_is_refused_before_a_byte_is_written(
    db, tmp_path, build, options, message
):
    docs = fill(db, **build)
    for dry_run in (True, False):
        with pytest.raises(vdb.InvalidArgumentError, match=message):
            docs.export(tmp_path / "docs", "sqlite-vec", options=options, dry_run=dry_run)
    assert list(tmp_path.iterdir()) == []


def test_too_many_dimensions_are_refused(db, tmp_path):
    docs = db.create_collection("docs", dim=8193, metric="l2")
    with pytest.raises(vdb.InvalidArgumentError, match="at most 8,192 dimensions; docs has 8,193"):
        docs.export(tmp_path / "docs", "sqlite-vec")


def test_a_missing_library_is_named(db, tmp_path, monkeypatch):
    docs = fill(db)
    modules = __import__("sys").modules
    monkeypatch.setitem(modules, "sqlite_vec", None)
    with pytest.raises(ImportError, match="pip install sqlite-vec"):
        docs.export(tmp_path / "docs", "sqlite-vec")
    monkeypatch.setitem(modules, "sqlite_vec", type("sqlite_vec", (), {"loadable_path": str}))
    monkeypatch.setitem(modules, "apsw", None)
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        with pytest.raises(ImportError, match=r"sqlite3 was not built: pip install apsw"):
            docs.export(tmp_path / "docs", "sqlite-vec")
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_fails_leaves_nothing_behind(db, tmp_path, connection_of):
    class StopError(Exception):
        pass

    def stop(done, total):
        raise StopError

    with pytest.raises(StopError):
        fill(db).export(tmp_path / "docs", "sqlite-vec", progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("connection_of")  # without the extension there is no such error
@pytest.mark.parametrize(("free", "error"), [(0, vdb.DiskFullError), (1 << 30, vdb.DiskError)])
def test_an_error_of_sqlite_becomes_one_of_the_disk(db, tmp_path, monkeypatch, free, error):
    usage = type(module.shutil.disk_usage(tmp_path))(1 << 40, 0, free)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(module, "_statement", lambda *_: "CREATE TABLE full")
    with pytest.raises(error) as raised:
        fill(db).export(tmp_path / "out.db")
    assert type(raised.value) is error and "out.db" in str(raised.value)
    assert list(tmp_path.iterdir()) == []
