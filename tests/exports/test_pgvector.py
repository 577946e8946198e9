"""Exports to pgvector: the file loads, the server finds vdb's neighbours, and all comes back.

Where VDB_TEST_POSTGRES is the address of a database, tables are made there and dropped.
"""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest

import vdb
from exports.collections import DIM, FIELDS, contents, fill, require_round_trip, vectors
from vdb.exports.writing.copy_text import bit_texts, column_text, copy_field, vector_texts
from vdb.model.metrics import METRICS

ADDRESS = os.environ.get("VDB_TEST_POSTGRES", "")
SCHEMA = "vdb_exports"


@pytest.fixture
def server():
    """A connection, with a schema of its own."""
    if not ADDRESS:
        pytest.skip("VDB_TEST_POSTGRES names no database")
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        connection.execute(f"SET search_path TO {SCHEMA}, public")
        yield connection
        connection.rollback()
        connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def load(server, place):
    """Runs the file as psql does."""
    text = place.read_bytes().decode()
    before, _, rest = text.partition(" FROM stdin;\n")
    rows, _, after = rest.partition("\\.\n")
    begin, _, copy = before.rpartition("\nCOPY ")
    server.execute(begin.replace("\\set ON_ERROR_STOP on\n", ""))
    with server.cursor().copy(f"COPY {copy} FROM stdin") as lines:
        lines.write(rows)
    server.execute(after)


@pytest.mark.parametrize("metric", METRICS)
def test_the_server_finds_the_same_neighbours(db, tmp_path, server, metric):
    bits = metric == "hamming"
    dtype = "bit" if bits else "float32"
    docs = fill(db, count=300, metric=metric, dtype=dtype)
    load(server, docs.export(tmp_path / "docs.sql").files[0])
    operator = re.search(r"ORDER BY embedding (\S+)", (tmp_path / "docs.sql").read_text())[1]
    server.execute("SET enable_indexscan = off")
    queries = vectors(20, dtype, seed=1)
    if metric == "dot":
        queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    texts = bit_texts(queries) if bits else vector_texts(queries)
    kind = "bit(16)" if bits else "vector"
    for query, text in zip(queries, texts, strict=True):
        ask = f"SELECT id, embedding {operator} %s::{kind} FROM docs ORDER BY 2, 1 LIMIT 10"
        rows = server.execute(ask, [text]).fetchall()
        hits = docs.search(query, k=10, exact=True, scores="pgvector")
        assert np.allclose([hit.score for hit in hits], [one for _, one in rows], atol=1e-5)
        if not bits:  # these have ties
            assert [hit.id for hit in hits] == [one for one, _ in rows]


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "bit"])
@pytest.mark.parametrize("index", ["hnsw", "ivfflat"])
def test_what_was_loaded_is_what_was_exported(db, tmp_path, server, dtype, index):
    docs = fill(db, dtype=dtype, bare=(3, 7), ids="int", fields=FIELDS)
    load(server, docs.export(tmp_path / "docs.sql", options={"index": index}).files[0])
    server.execute("DROP TABLE IF EXISTS public.docs")
    rows = server.execute(
        'SELECT id, embedding::text, payload, n, title, tags, "when", "deep.x" FROM docs ORDER BY 1'
    ).fetchall()
    method = "SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE relname = %s"
    assert server.execute(method, ["docs_embedding_idx"]).fetchone() == (index,)
    assert len(rows) == 40
    for one, (own_id, embedding, payload, n, title, tags, when, x) in zip(
        docs.scan(), rows, strict=True
    ):
        assert (one.id, one.payload) == (own_id, payload)
        if one.vector is None:
            assert embedding is None
        elif dtype == "bit":
            assert embedding == "".join(map(str, np.unpackbits(one.vector)))
        else:
            assert np.array(json.loads(embedding), one.vector.dtype).tolist() == one.vector.tolist()
        own = payload if isinstance(payload, dict) else {}
        assert (n, title, tags) == (own.get("n"), own.get("title"), own.get("tags"))
        assert x == own.get("deep", {}).get("x")
        assert (when and when.timestamp()) == (1714979289 if "when" in own else None)


def test_values_of_every_type_of_field_are_those_of_the_payload(db, tmp_path, server):
    kinds = ("int", "float", "keyword", "bool", "datetime")
    fields = {f"a {kind}": kind for kind in kinds} | {f'"{kind},s': f"{kind}[]" for kind in kinds}
    docs = db.create_collection("docs", dim=DIM, metric="l2", fields=fields)
    odd = 'tab\t, new\nline "quoted" \\N \\ {ü} NULL'
    one = {
        "a int": -(2**63), "a float": 1e-300, "a keyword": odd, "a bool": True,
        "a datetime": "2024-05-06T07:08:09.123456789+02:00",
        '"int,s': [1, -2], '"float,s': [0.1, -2.5], '"keyword,s': [odd, "", "NULL"],
        '"bool,s': [True, False], '"datetime,s': ["0001-01-01", "2024-05-06 07:08"],
    }  # fmt: skip
    docs.add(["1", "\\N\t"], vectors(2), [one, None])
    load(server, docs.export(tmp_path / "docs.sql").files[0])
    columns = ", ".join('"{}"::text'.format(path.replace('"', '""')) for path in fields)
    server.execute("SET timezone TO 'UTC'")
    first, second = server.execute(f"SELECT {columns}, payload FROM docs ORDER BY id").fetchall()
    assert first[-1] == one and set(second) == {None}
    assert first[:5] == (
        str(-(2**63)), "1e-300", odd, "true", "2024-05-06 05:08:09.123456+00",
    )  # fmt: skip
    assert first[5:7] == ("{1,-2}", "{0.1,-2.5}")
    assert first[8:10] == ("{t,f}", '{"0001-01-01 00:00:00+00","2024-05-06 07:08:00+00"}')
    ask = """SELECT \"""keyword,s"[1] FROM docs WHERE id = '1'"""
    assert server.execute(ask).fetchone() == (odd,)


@pytest.mark.parametrize("options", [{"dtype": "int8", "bare": (4,)}, {"metric": "dot"}], ids=str)
def test_a_table_of_the_server_is_the_collection_again(db, tmp_path, server, options):
    docs = fill(db, scores="pgvector", fields=FIELDS, **options)
    load(server, docs.export(tmp_path / "docs.sql").files[0])
    host = server.info
    address = f"postgresql://{host.user}@{host.host}:{host.port}/{host.dbname}"
    report = db.import_source(address, "again", options={"table": f"{SCHEMA}.docs"}, verify=10)
    assert report.verification.agrees and report.verification.engine.startswith("PostgreSQL")
    schema, records = contents(db["again"])
    own_schema, own_records = contents(docs)
    assert schema == own_schema
    assert [one[:3] for one in records] == [one[:3] for one in own_records]
    payloads = [json.loads(one[3]) for one in records]
    assert payloads == [json.loads(one[3]) for one in own_records]  # names in another order


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "bit"])
@pytest.mark.parametrize("ids", ["str", "int"])
def test_all_of_it_comes_back(db, tmp_path, dtype, ids):
    docs = fill(
        db, dtype=dtype, ids=ids, bare=(0, 9), scores="pgvector", model="a 'model'", fields=FIELDS
    )
    report = require_round_trip(docs, tmp_path / "docs", "pgvector")
    assert [file.name for file in report.files] == ["docs.sql"]
    notes = ("int8 numbers are widened to float32, which holds them all",)
    assert report.notes == (notes if dtype == "int8" else ())


@pytest.mark.parametrize(
    "options",
    [
        {"metric": "ip"}, {"metric": "dot"}, {"metric": "cosine"}, {"metric": "l1"},
        {"index": vdb.Flat()}, {"index": vdb.HNSW(M=5, ef_construction=33, codes="int8", seed=5)},
        {"index": vdb.HNSW(M=256, ef_construction=3000)},
        {"count": 0}, {"count": 0, "bare": (1,)}, {"bare": tuple(range(40))},
    ],
    ids=str,
)  # fmt: skip
def test_every_configuration_comes_back(db, tmp_path, options):
    docs = fill(db, scores="pgvector", **options)
    require_round_trip(docs, tmp_path / "docs", "pgvector")


def test_numbers_of_every_size_come_back(db, tmp_path):
    info = np.finfo(np.float32)
    docs = db.create_collection("docs", dim=4, metric="l2", scores="pgvector")
    rows = [[info.smallest_subnormal, -0.0, 1 / 3, 2 / 3], [1e17, info.tiny, info.eps, -1e-40]]
    docs.add([1, 2], np.array(rows, np.float32))
    require_round_trip(docs, tmp_path / "docs", "pgvector")


@pytest.mark.parametrize(
    ("build", "options", "statement"),
    [
        ({}, {}, "USING hnsw (embedding vector_l2_ops) WITH (m = 16, ef_construction = 200)"),
        ({"metric": "dot"}, {}, "vector_ip_ops"),
        ({"metric": "cosine", "dtype": "float16"}, {}, "halfvec_cosine_ops"),
        ({"dtype": "bit"}, {"M": 7}, "bit_hamming_ops) WITH (m = 7, ef_construction = 200)"),
        ({"index": vdb.Flat()}, {}, None),
        ({"index": vdb.Flat()}, {"ef_construction": 50}, "(m = 16, ef_construction = 50)"),
        ({}, {"index": "none"}, None),
        ({}, {"index": "ivfflat"}, "USING ivfflat (embedding vector_l2_ops) WITH (lists = 1)"),
        ({}, {"lists": 32768}, "USING ivfflat (embedding vector_l2_ops) WITH (lists = 32768)"),
        ({"count": 3000}, {"index": "ivfflat"}, "(lists = 3)"),
        ({"index": vdb.HNSW(M=100, ef_construction=7)}, {}, "(m = 100, ef_construction = 200)"),
        ({"index": vdb.HNSW(M=2, ef_construction=1)}, {}, "(m = 2, ef_construction = 4)"),
    ],
    ids=str,
)  # fmt: skip
def test_the_index_is_that_of_the_metric(db, tmp_path, build, options, statement):
    place = fill(db, **build).export(tmp_path / "docs.sql", options=options).files[0]
    lines = place.read_text().split("\n")
    indexes = [line for line in lines if line.startswith("CREATE INDEX")]
    assert indexes == [] if statement is None else statement in indexes[0]
    assert lines[-2:] == ["COMMIT;", ""]


def test_parameters_beyond_those_of_pgvector_are_the_nearest_which_a_note_says(db, tmp_path):
    docs = fill(db, index=vdb.HNSW(M=128, ef_construction=5000))
    report = docs.export(tmp_path / "docs.sql", dry_run=True)
    assert report.notes[0].startswith("the index has m 100 and ef_construction 1000: pgvector has")


@pytest.mark.parametrize(("dtype", "most"), [("float32", 2000), ("float16", 4000), ("bit", 64000)])
def test_beyond_the_dimensions_of_an_index_there_is_none_which_a_note_says(
    db, tmp_path, dtype, most
):
    metric = "hamming" if dtype == "bit" else "l2"
    for dim, notes in ((most, 0), (most + 8, 1)):
        docs = db.create_collection(f"d{dim}", dim=dim, metric=metric, dtype=dtype)
        report = docs.export(tmp_path / "docs.sql", overwrite=True)
        assert len(report.notes) == notes
        assert ("CREATE INDEX" in report.files[0].read_text()) == (not notes)
    assert f"at most {most:,} dimensions" in report.notes[0]


def test_fields_whose_names_no_column_can_have_are_in_the_payload_only(db, tmp_path):
    fields = dict.fromkeys(["id", "ctid", "ü" * 32, "new\nline", "ID", "ü" * 31, 'a"b'], "keyword")
    docs = db.create_collection("docs", dim=DIM, metric="l2", fields=fields, scores="pgvector")
    docs.add([1], vectors(1), [dict.fromkeys(fields, "text")])
    report = require_round_trip(docs, tmp_path / "docs", "pgvector")
    beginning = f"in the column payload only: id, ctid, {'ü' * 32}, new\nline; "
    assert report.notes[0].startswith(beginning)
    text = report.files[0].read_text()
    assert '    "ID" text,\n' in text and '    "a""b" text,\n' in text


@pytest.mark.parametrize("payload", [{"a": [{"b": "x\0"}]}, {"a\0": 1}, ["\0"], "\0"])
def test_a_nul_character_is_refused_with_the_id_of_its_record(db, tmp_path, payload):
    docs = db.create_collection("docs", dim=DIM, metric="l2")
    docs.add(["a", "b"], vectors(2), [{"a": "\\u0000"}, payload])
    with pytest.raises(vdb.InvalidArgumentError, match="the payload of 'b' has one"):
        docs.export(tmp_path / "docs.sql")
    assert list(tmp_path.iterdir()) == []
    docs.delete("b")
    assert docs.export(tmp_path / "docs.sql").records == 1


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        ({"metric": "l1"}, {"index": "ivfflat"}, "ivfflat has no l1"),
        ({}, {"lists": 0}, "lists must be between 1 and 32,768"),
        ({}, {"M": 0}, "M must be between 2"),
        ({}, {"table": ""}, "a name of 1 to 63 bytes"),
        ({}, {"table": "ü" * 32}, "a name of 1 to 63 bytes"),
        ({}, {"table": "a\nb"}, "a name of 1 to 63 bytes"),
        ({}, {"index": "tree"}, "index must be one of"),
    ],
    ids=str,
)
def test_what_it_cannot_hold_is_refused_before_a_byte_is_written(
    db, tmp_path, build, options, message
):
    docs = fill(db, **build)
    for dry_run in (True, False):
        with pytest.raises(vdb.InvalidArgumentError, match=message):
            docs.export(tmp_path / "docs.sql", options=options, dry_run=dry_run)
    assert list(tmp_path.iterdir()) == []


def test_more_dimensions_than_a_column_has_are_refused(db, tmp_path):
    docs = db.create_collection("docs", dim=16_008, metric="l2", dtype="float16")
    with pytest.raises(vdb.InvalidArgumentError, match="at most 16,000 dimensions"):
        docs.export(tmp_path / "docs.sql")
    docs = db.create_collection("open", dim="auto", metric="l2")
    with pytest.raises(vdb.InvalidArgumentError, match="needs the dimension"):
        docs.export(tmp_path / "docs.sql")


def test_a_table_may_have_another_name(db, tmp_path):
    docs = fill(db, scores="pgvector")
    place = docs.export(tmp_path / "docs.sql", options={"table": 'My "docs"; --'}).files[0]
    assert 'CREATE TABLE "My ""docs""; --" (' in place.read_text()
    db.import_source(place, "again")
    assert contents(db["again"]) == contents(docs)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"vdb_collection": 1', '"vdb_collection": 2', "the comment on the table: .* must be 1"),
        ('"dim": 16', '"dim": 8', "is of 8 dimensions of float32, and the vectors have 16"),
        ('"dtype": "float32"', '"dtype": "int8"', "none of int8"),
    ],
)
def test_a_comment_that_does_not_fit_the_table_is_named(db, tmp_path, old, new, message):
    place = fill(db, index=vdb.Flat()).export(tmp_path / "docs.sql").files[0]
    place.write_text(place.read_text().replace(old, new))
    with (
        pytest.raises(vdb.SourceError, match=message),
        vdb.sources.open(place) as source,
    ):
        list(source.batches())


def test_values_are_written_as_copy_reads_them():
    assert copy_field(None) == "\\N" and copy_field("\\N\t\r\n") == "\\\\N\\t\\r\\n"
    assert column_text([None, 'a"\\'], "keyword[]") == '{NULL,"a\\"\\\\"}'
    assert column_text([], "int[]") == "{}" and column_text(None, "int[]") is None
    assert column_text("2024-01-01", "datetime") == "2024-01-01T00:00:00+00:00"
    assert column_text(3, "float") == "3.0" and column_text(False, "bool") == "f"
    assert list(vector_texts(np.array([[1, -2]], np.int8))) == ["[1,-2]"]
    assert list(bit_texts(np.array([[128, 1]], np.uint8))) == ["1000000000000001"]
