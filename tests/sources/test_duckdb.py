"""Tables of DuckDB: rows, types and neighbours are those of the file."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from sources.records import names, payloads, vectors
from vdb.sources.databases.duckdb import index_of

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            "CREATE TABLE docs (name VARCHAR PRIMARY KEY, embedding FLOAT[16], i INTEGER, "
            "title VARCHAR, score DOUBLE, even BOOLEAN, moment TIMESTAMP, tags VARCHAR[])"
        )
        rows = zip(names(), vectors().tolist(), payloads(), strict=True)
        for name, row, payload in rows:
            values = list((payload or dict.fromkeys(("i", "title", "score", "even"))).values())
            database.execute(
                "INSERT INTO docs VALUES (?, ?, ?, ?, ?, ?, '2026-01-02 03:04:05', ['a', 'b'])",
                [name, row, *values],
            )
        database.execute("DELETE FROM docs WHERE name = ?", [names()[1]])
        database.execute("UPDATE docs SET i = 777 WHERE name = ?", [names()[2]])
        database.execute("CREATE TABLE plain (a INTEGER)")
    return path


def test_rows_are_records_with_their_types(place):
    with vdb.sources.open(place) as source:
        info = source.info
        records = {
            one: (row, payload)
            for batch in source.batches(7)
            for one, row, payload in zip(
                batch.id_list(), batch.vectors, batch.payload_list(), strict=True
            )
        }
    assert (info.format, info.count, info.dim, info.ids) == ("duckdb", 39, 16, "str")
    assert (info.metric, info.convention) == (None, "duckdb")
    assert info.fields == {
        "i": "int",
        "title": "keyword",
        "score": "float",
        "even": "bool",
        "moment": "datetime",
        "tags": "keyword[]",
    }
    assert set(records) == set(names()) - {names()[1]}
    for name, row, payload in zip(names(), vectors(), payloads(), strict=True):
        if name not in records:
            continue
        assert records[name][0].tolist() == row.tolist()
        received = records[name][1]
        assert received["tags"] == ["a", "b"] and received["moment"].startswith("2026-01-02T03")
        if payload is not None:
            expected = payload | ({"i": 777} if name == names()[2] else {})
            assert {key: received[key] for key in expected} == expected


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_an_import_agrees_with_duckdb_itself(place, metric):
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", metric=metric, verify=10)
        assert report.verification.agrees and report.verification.engine.startswith("duckdb")
        assert (report.added, report.verification.overlap) == (39, 1)
        assert list(db.check()) == []


def test_a_metric_is_asked_for(place):
    with (
        vdb.temporary() as db,
        pytest.raises(vdb.InvalidArgumentError, match="metric must be given"),
    ):
        db.import_source(place, "docs")


def test_null_vectors_and_null_elements_are_refused(place):
    with duckdb.connect(str(place)) as database:
        database.execute("UPDATE docs SET embedding = NULL WHERE name = ?", [names()[3]])
        row = [None, *vectors()[4].tolist()[1:]]
        database.execute("UPDATE docs SET embedding = ? WHERE name = ?", [row, names()[4]])
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", metric="l2", verify=10)
        assert (report.added, report.refused, report.verification.agrees) == (37, 2, True)
        assert {one.id for one in report.refusals} == {names()[3], names()[4]}
    with vdb.sources.open(place, optional=True) as source:
        assert sum(int(np.sum(batch.missing)) for batch in source.batches()) == 1


def test_tables_are_named_with_their_schema(place):
    with duckdb.connect(str(place)) as database:
        database.execute('CREATE SCHEMA "odd ""name"')
        database.execute('CREATE TABLE "odd ""name".docs AS SELECT * FROM docs LIMIT 3')
    with pytest.raises(vdb.InvalidArgumentError, match=r'table=, one of docs, odd "name\.docs'):
        vdb.sources.open(place)
    with vdb.sources.open(place, table='odd "name.docs') as source:
        assert source.info.count == 3
    with pytest.raises(vdb.InvalidArgumentError, match="no table 'other'"):
        vdb.sources.open(place, table="other")
    with pytest.raises(vdb.InvalidArgumentError, match="vector"):
        vdb.sources.open(place, table="plain")


def test_a_file_that_is_cut_short_is_refused(place):
    whole = place.read_bytes()
    refused = 0
    for length in range(100, len(whole), len(whole) // 10):
        place.write_bytes(whole[:length])
        try:
            assert sum(map(len, vdb.sources.open(place).batches())) == 39  # free blocks are gone
        except vdb.SourceError as error:
            assert error.path == str(place) and error.place
            refused += 1
    assert refused > 4


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("CREATE INDEX i ON docs USING HNSW (embedding);", ("l2", 16, 128)),
        (
            """CREATE INDEX i ON docs USING HNSW ("embedding")
            WITH (metric = 'cosine', M = 8, ef_construction = 40);""",
            ("cosine", 8, 40),
        ),
        ("CREATE INDEX i ON docs USING HNSW (other) WITH (metric = 'ip');", None),
        ("CREATE INDEX i ON docs(name);", None),
    ],
)
def test_the_metric_is_that_of_an_hnsw_index(statement, expected):
    metric, index = index_of([statement], "embedding")
    assert (None if index is None else (metric, index.M, index.ef_construction)) == expected


@pytest.mark.parametrize("prefix", ["md", "s3", "duckdb"])
def test_a_relative_path_with_a_colon_is_a_path(place, monkeypatch, prefix):
    place.rename(place.with_name(f"{prefix}:a.duckdb"))
    monkeypatch.chdir(place.parent)
    with vdb.sources.open(f"{prefix}:a.duckdb", "duckdb", table="docs") as source:
        assert sum(map(len, source.batches())) == 39
