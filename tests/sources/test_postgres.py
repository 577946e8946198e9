"""Tables of a server of PostgreSQL with pgvector, over a connection.

Where VDB_TEST_POSTGRES is the address of a database, tables are made in a schema of their own
there, read, and dropped. The rest needs no server.
"""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

import vdb
from sources.records import COUNT, bits, names, numbers, vectors
from vdb.sources.databases.pgvector.array_text import array_of
from vdb.sources.databases.pgvector.vector_indexes import VectorIndex, purpose_of
from vdb.sources.reading.server_address import require_plain_user, without_secrets

ADDRESS = os.environ.get("VDB_TEST_POSTGRES", "")
SCHEMA = 'vdb "tests'
QUOTED = '"vdb ""tests"'
SECRET = "s3cret%2Fword"
live = pytest.mark.skipif(not ADDRESS, reason="VDB_TEST_POSTGRES names no database")

TABLES = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN place AS vector(16);
CREATE TABLE "Items; DROP" (
  "the ""id" bigint PRIMARY KEY, title text, price numeric(8,2), score real, even boolean,
  made timestamptz, tags text[], grid int[], mood mood, about jsonb, "v 1" vector(16),
  small halfvec(16), flag bit(1), key uuid, data bytea);
CREATE TABLE codes (name varchar PRIMARY KEY, code bit(20), long bit(64));
CREATE TABLE sparse (id int PRIMARY KEY, v sparsevec(16));
CREATE TABLE free (a int, b int, v vector, PRIMARY KEY (a, b));
CREATE TABLE placed (id smallint PRIMARY KEY, v place);
CREATE VIEW seen AS SELECT name, long FROM codes;
"""
INDEXES = """
CREATE INDEX ON "Items; DROP" USING hnsw ("v 1" vector_cosine_ops)
  WITH (m = 12, ef_construction = 50);
CREATE INDEX ON "Items; DROP" USING hnsw ((binary_quantize("v 1")::bit(16)) bit_hamming_ops);
CREATE INDEX ON "Items; DROP" USING ivfflat (small halfvec_l2_ops) WITH (lists = 3);
CREATE INDEX ON codes USING hnsw (code bit_hamming_ops);
CREATE INDEX ON placed USING hnsw ((v::halfvec(16)) halfvec_ip_ops) WITH (m = 8);
CREATE INDEX ON sparse USING hnsw (v sparsevec_l2_ops) WITH (m = 24);
CREATE INDEX ON sparse USING hnsw (v sparsevec_l1_ops);
"""
TITLE = 'tab\tand\nline "quoted" \\ ü'


def text_of(vector):
    return f"[{','.join(map(str, vector.tolist()))}]"


@pytest.fixture(scope="module")
def address():
    psycopg = pytest.importorskip("psycopg")
    sql = psycopg.sql
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        own = sql.Identifier(SCHEMA)
        drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(own)
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(own))
        path = sql.SQL("SET search_path TO {}, public").format(own)
        connection.execute(path)
        connection.execute(TABLES)
        fill(connection)
        connection.execute(INDEXES)
        yield ADDRESS
        connection.execute(drop)


def fill(connection):
    execute = connection.execute
    for i, (number, vector) in enumerate(zip(numbers().tolist(), vectors(), strict=True)):
        execute(
            'INSERT INTO "Items; DROP" VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '
            "%s, %s)",
            [
                number, TITLE if i == 3 else f"Title {i}", i / 4, i / 4, i % 2 == 0,
                f"2024-01-02 03:04:{i:02d}+01", ["a,b", 'c"d', "NULL", None, ""], [[i, 1], [2, 3]],
                "ok", f'{{"a": [{i}]}}', text_of(vector), text_of(vector), "1",
                f"00000000-0000-0000-0000-{i:012d}", b"\x00\xff",
            ],
        )  # fmt: skip
        code = "".join(map(str, np.unpackbits(bits()[i]).tolist()))
        execute("INSERT INTO codes VALUES (%s, %s, %s)", [names()[i], code[:20], code])
        pairs = ",".join(f"{k + 1}:{vector[k]}" for k in range(0, 16, 3))
        execute("INSERT INTO sparse VALUES (%s, %s)", [i, f"{{{pairs}}}/16"])
        execute("INSERT INTO free VALUES (%s, %s, %s)", [i % 3, i, text_of(vector)])
        execute("INSERT INTO placed VALUES (%s, %s)", [i, text_of(vector)])
    execute("""INSERT INTO "Items; DROP" VALUES (1, 'no vector')""")
    execute("INSERT INTO free VALUES (9, 9, '[1,2]')")


def everything(address, table, **options):
    with vdb.sources.open(address, table=f"{SCHEMA}.{table}", **options) as source:
        batches = list(source.batches(7))
        return (
            source.info,
            [one for batch in batches for one in batch.id_list()],
            np.concatenate([batch.vectors for batch in batches]),
            [one for batch in batches for one in batch.payload_list()],
            [one for batch in batches for one in batch.refusals],
        )


@live
def test_a_table_is_read_as_it_is(address):
    info, ids, rows, payloads, refusals = everything(address, "Items; DROP", vector="v 1")
    assert ids == numbers().tolist()
    assert np.array_equal(rows, vectors()) and rows.dtype == np.float32
    assert [(one.id, one.place) for one in refusals] == [(1, f"row {COUNT}")]
    assert payloads[3] == {
        "title": TITLE,
        "price": 0.75,
        "score": 0.75,
        "even": False,
        "made": "2024-01-02T02:04:03+00:00",
        "tags": ["a,b", 'c"d', "NULL", None, ""],
        "grid": [[3, 1], [2, 3]],
        "mood": "ok",
        "about": {"a": [3]},
        "flag": "1",
        "key": "00000000-0000-0000-0000-000000000003",
        "data": r"\x00ff",
    }
    assert (info.format, info.count, info.dim, info.ids) == ("postgres", COUNT + 1, 16, "int")
    assert (info.metric, info.convention) == ("cosine", "pgvector")
    assert info.index == vdb.HNSW(M=12, ef_construction=50)
    assert info.fields == {
        "price": "float", "score": "float", "even": "bool", "made": "datetime", "mood": "keyword",
        "grid": "int[]", "key": "keyword",
    }  # fmt: skip
    assert info.version.startswith("PostgreSQL ") and "pgvector" in info.version
    assert [note for note in info.notes if "small" in note or "price" in note] == [
        "numbers of numeric are rounded to float64: price",
        "left out, as other vectors: small",
    ]


@live
def test_a_row_without_a_vector_may_be_a_record(address):
    with vdb.temporary() as db:
        options = {"table": f"{SCHEMA}.Items; DROP", "vector": "v 1", "optional": True}
        report = db.import_source(address, "docs", options=options, fields={})
        assert (report.added, report.refused) == (COUNT + 1, 0)
        assert db.collection("docs").get(1).vector is None
        assert list(db.check()) == []


@live
@pytest.mark.parametrize(
    ("table", "options", "metric", "stored"),
    [
        ("Items; DROP", {"vector": "v 1"}, "cosine", vectors),
        ("Items; DROP", {"vector": "small"}, "l2", lambda: vectors().astype(np.float16)),
        ("sparse", {}, "l1", lambda: np.where(np.arange(16) % 3 == 0, vectors(), 0)),
        ("sparse", {}, "l2", None),
        ("placed", {}, "ip", vectors),
        ("codes", {"vector": "long"}, "hamming", bits),
        ("seen", {"id": "name"}, "hamming", bits),
    ],
)
def test_the_server_and_the_collection_agree(address, table, options, metric, stored):
    options = {"table": f"{SCHEMA}.{table}", **options}
    with vdb.temporary() as db:
        report = db.import_source(
            address, "docs", metric=metric, options=options, verify=COUNT, fields={}
        )
        assert (report.added, report.metric, report.scores) == (COUNT, metric, "pgvector")
        verification = report.verification
        assert verification.engine == report.source.version and verification.exact
        assert verification.agrees and verification.compared == COUNT * 10
        if stored is not None:
            with vdb.sources.open(address, **options) as source:
                (batch,) = source.batches()
            assert np.array_equal(batch.vectors, stored())
        assert list(db.check()) == []


@live
def test_indexes_say_metric_and_graph_and_never_of_bits_made_of_numbers(address):
    info = everything(address, "placed")[0]
    assert (info.metric, info.index) == ("ip", vdb.HNSW(M=8, ef_construction=64))
    info = everything(address, "sparse")[0]
    assert (info.metric, info.index) == (None, None)
    assert info.notes == ("v has indexes for l1 and l2",)
    info = everything(address, "sparse", metric="l2")[0]
    assert (info.metric, info.index) == ("l2", vdb.HNSW(M=24, ef_construction=64))
    info, _, rows, _, _ = everything(address, "codes", vector="code")
    assert (info.dim, info.dtype, info.metric) == (24, "bit", "hamming")
    assert np.array_equal(rows[:, :2], bits()[:, :2]) and not (rows[:, 2] & 15).any()


@live
def test_rows_without_ids_are_numbered_and_other_lengths_refused(address):
    info, ids, rows, payloads, refusals = everything(address, "free")
    assert ids == list(range(COUNT)) and np.array_equal(rows, vectors())
    assert payloads[5] == {"a": 2, "b": 5}
    assert [one.reason for one in refusals] == ["v has 2 dimensions, not 16"]
    assert info.ids == "row" and any("a, b" in note for note in info.notes)


@live
def test_all_of_a_source_is_of_one_moment_and_a_reading_may_end_early(address):
    import psycopg

    added = f"INSERT INTO {QUOTED}.placed VALUES (999, '{text_of(vectors()[0])}')"
    with (
        psycopg.connect(ADDRESS, autocommit=True) as other,
        vdb.sources.open(address, table=f"{SCHEMA}.placed") as source,
    ):
        other.execute(added)
        first = source.batches(3)
        assert len(next(first)) == 3
        with pytest.raises(vdb.InvalidArgumentError, match="one at a time"):
            next(source.batches())
        first.close()
        assert sum(len(batch) for batch in source.batches()) == COUNT == source.info.count
        other.execute(f"DELETE FROM {QUOTED}.placed WHERE id = 999")
    with pytest.raises(vdb.ClosedError):
        next(source.batches())


@live
def test_tables_and_columns_are_asked_for_by_name(address):
    with pytest.raises(vdb.InvalidArgumentError, match=r"codes.*table= names one") as caught:
        vdb.sources.open(address)
    assert f"{SCHEMA}.Items; DROP" in caught.value.expected
    with pytest.raises(vdb.InvalidArgumentError, match="there is no table 'nothing; DROP"):
        vdb.sources.open(address, table="nothing; DROP")
    with pytest.raises(vdb.InvalidArgumentError, match="v 1, small"):
        vdb.sources.open(address, table=f'{QUOTED}."Items; DROP"')
    with pytest.raises(vdb.InvalidArgumentError, match="id= must name"):
        vdb.sources.open(address, table=f"{SCHEMA}.sparse", id="none")


def test_a_password_is_shown_nowhere():
    assert without_secrets("postgresql://me:pw@host:1/db") == "postgresql://me@host:1/db"
    assert without_secrets("redis://:pw@host/0") == "redis://host/0"
    shown = without_secrets("postgresql://me@host/db?sslmode=require&password=pw&sslpassword=pw")
    assert shown == "postgresql://me@host/db?sslmode=require"
    assert "p/w" not in without_secrets("postgresql://me:p/w@x@host/db")


@pytest.mark.parametrize("sign", ["/", "@", "?", "#"])
def test_a_password_that_would_be_taken_for_the_host_is_refused(sign):
    with pytest.raises(vdb.InvalidArgumentError, match=r"written.*%40") as caught:
        require_plain_user(f"postgresql://me:abc{sign}def@host/db")
    assert "abc" not in str(caught.value) and "def" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}@127.0.0.1:1/db",
        f"postgres+psycopg://me:{SECRET}@127.0.0.1:1/db?connect_timeout=1",
        f"postgresql://me@127.0.0.1:1/db?password={SECRET}",
        f"postgresql://me:{SECRET}%zz@127.0.0.1/db",
        f"postgresql://me@127.0.0.1:1/db?none={SECRET}&password={SECRET}",
    ],
)
def test_no_error_holds_the_password(address):
    pytest.importorskip("psycopg")
    with pytest.raises((vdb.RemoteError, vdb.InvalidArgumentError)) as caught:
        vdb.sources.open(address)
    error = caught.value
    assert error.__cause__ is None and error.__suppress_context__
    if "none=" not in address:
        assert "s3cret" not in f"{error} {error.__dict__}"
    if isinstance(error, vdb.RemoteError):
        assert error.url == "postgresql://me@127.0.0.1:1/db" or "?" in error.url


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ImportError, match=r"pip install psycopg\[binary\]"):
        vdb.sources.open("postgresql://host/db")


def test_arrays_are_read_as_postgresql_writes_them():
    assert array_of("{}", int) == []
    assert array_of("{1,NULL,-3}", int) == [1, None, -3]
    assert array_of("[0:1]={{1,2},{3,4}}", int) == [[1, 2], [3, 4]]
    assert array_of(r'{"a,b","c\"d","NULL",NULL,"","\\"}', str) == [
        "a,b", 'c"d', "NULL", None, "", "\\",
    ]  # fmt: skip
    for text in (
        "",
        "{",
        "}",
        "{1",
        "1",
        "{1,}",
        "{1}{2}",
        "{1},",
        "{,1}",
        "{1{2}}",
        "{{1}2}",
        "x{1}",
        '{"a}',
        "{{{{{{{{1}}}}}}}}",
    ):
        with pytest.raises(ValueError, match="is no array"):
            array_of(text, int)


def test_indexes_that_differ_leave_the_metric_open():
    one = VectorIndex("v", "hnsw", "vector_l2_ops", {"m": "8"})
    two = VectorIndex("v", "ivfflat", "vector_ip_ops", {})
    assert purpose_of([one], "v", bits=False).metric == "l2"
    assert purpose_of([one, two], "v", bits=False).metric is None
    assert purpose_of([one, two], "v", bits=False, metric="ip")[:2] == ("ip", None)
    assert purpose_of([one, two], "w", bits=False) == (None, None, ())
    assert purpose_of([one], "v", bits=False, metric="ip").metric == "l2"
