"""Hits are tables: every column says what the hits say, in every library that reads them."""

import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest

import vdb
from support import kinds

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
pd = pytest.importorskip("pandas")

FIELDS = {
    "n": "int",
    "x": "float",
    "word": "keyword",
    "flag": "bool",
    "when": "datetime",
    "tags": "keyword[]",
    "deep.down": "int[]",
}
PAYLOADS = [
    {"n": 1, "x": 0.5, "word": "é😀", "flag": True, "when": "2024-05-01T10:00+02:00", "other": [1]},
    {"n": None, "x": 3, "word": "", "flag": False, "tags": ["a", ""], "deep": {"down": [1, -2]}},
    {"n": -(2**63), "tags": [], "deep": {"down": None}, 'quote"': "\n<b>"},
    {"n": 2**63 - 1, "when": "0001-01-01", "x": -0.0},
    None,
    {},
]


def collection(db, *, ids=None, count=30, dim=8, **options):
    """Some records with all kinds of payloads."""
    options = {"metric": "l2", "fields": FIELDS, **options}
    made = db.create_collection("docs", dim=dim, **options)
    packed = options.get("dtype") == "bit"
    rng = np.random.default_rng(1)
    numbers = rng.integers(1, 255, (count, dim // 8 if packed else dim))
    vectors = numbers.astype(np.uint8) if packed else (numbers % 100).astype(np.float32)
    listed = range(count) if ids is None else ids(count)
    made.add(list(listed), vectors, [PAYLOADS[i % len(PAYLOADS)] for i in range(count)])
    return made, vectors


def texts(count):
    return [f"id {i} é" for i in range(count)]


def value_at(payload, path):
    for name in path.split("."):
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload


def expected(hits, fields=FIELDS):
    """The rows of hits, written out by hand."""
    for rank, hit in enumerate(hits, 1):
        row = {"rank": rank, "id": hit.id, "score": hit.score, "value": hit.value}
        if hit.vector is not None:
            row["vector"] = hit.vector.tolist()
        for path, kind in fields.items():
            value = value_at(hit.payload, path)
            if kind == "datetime" and value is not None:
                value = datetime.fromisoformat(value)
                value = value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
            row[path] = value
        row["payload"] = hit.payload
        yield row


def rows_of(table):
    """The rows of a table, payloads read back."""
    for row in table.to_pylist():
        payload = row["payload"]
        yield {**row, "payload": None if payload is None else json.loads(payload)}


@pytest.mark.parametrize("ids", [None, texts])
def test_every_column_says_what_the_hits_say(db, ids):
    docs, vectors = collection(db, ids=ids)
    hits = docs.search(vectors[3], k=20, with_vectors=True)
    table = hits.to_arrow()
    table.validate(full=True)
    assert list(rows_of(table)) == list(expected(hits))
    assert table.schema.field("id").type == (pa.int64() if ids is None else pa.string())
    assert [(f.name, str(f.type)) for f in table.schema][4:-1] == [
        ("vector", "fixed_size_list<item: float>[8]"),
        ("n", "int64"),
        ("x", "double"),
        ("word", "string"),
        ("flag", "bool"),
        ("when", "timestamp[us, tz=UTC]"),
        ("tags", "list<item: string>"),
        ("deep.down", "list<item: int64>"),
    ]
    assert str(table.schema.field("payload").type) in ("extension<arrow.json>", "string")


def test_many_hits_have_the_query_in_front(db):
    docs, vectors = collection(db, ids=texts)
    many = docs.search_many(vectors[:5], k=None, threshold=9_000, exact=True)
    assert len(set(many.counts.tolist())) > 1
    wanted = [{"query": query, **row} for query, hits in enumerate(many) for row in expected(hits)]
    assert list(rows_of(many.to_arrow())) == wanted
    later = many[2:5]
    assert list(rows_of(later.to_arrow())) == [
        {**row, "query": row["query"] - 2} for row in wanted if row["query"] >= 2
    ]
    assert list(rows_of(many[1].to_arrow())) == list(expected(many[1]))
    every_other = many[::-2]
    assert [row["query"] for row in every_other.to_arrow().to_pylist()] == [
        query for query, hits in enumerate(every_other) for _ in hits
    ]


def test_slices_are_tables_of_their_own(db):
    docs, vectors = collection(db)
    hits = docs.search(vectors[0], k=20, with_vectors=True)
    for part in (hits[5:9], hits[::-1], hits[3:3], hits[::3], hits[-1:]):
        assert list(rows_of(part.to_arrow())) == list(expected(part))


@pytest.mark.parametrize("kind", kinds.KINDS, ids=str)
def test_vectors_are_of_the_stored_type(db, kind):
    dim = 16
    docs = db.create_collection("docs", dim=dim, metric=kind.metric, dtype=kind.dtype)
    rng = np.random.default_rng(2)
    raw = rng.integers(-3, 4, (10, dim)).astype(np.float64) + 0.25
    rows = [kind.stored(row) for row in raw]
    docs.add(list(range(10)), np.stack(rows))
    hits = docs.search(rows[4], k=5, with_vectors=True, exact=True)
    table = hits.to_arrow()
    field = table.schema.field("vector")
    names = {"float32": "float", "float16": "halffloat", "int8": "int8", "bit": "uint8"}
    length = dim // 8 if kind.dtype == "bit" else dim
    assert str(field.type) == f"fixed_size_list<item: {names[kind.dtype]}>[{length}]"
    assert field.metadata == {b"vdb.dtype": kind.dtype.encode(), b"vdb.dim": b"16"}
    flat = table["vector"].combine_chunks().flatten().to_numpy()
    assert flat.tobytes() == np.stack([hit.vector for hit in hits]).tobytes()
    assert hits.vectors.tobytes() == flat.tobytes()


def test_the_schema_is_the_same_without_hits(db):
    docs, vectors = collection(db, ids=texts)
    some = docs.search(vectors[0], k=3, with_vectors=True)
    none = docs.search(vectors[0], k=3, with_vectors=True, where={"word": "nowhere"})
    assert len(none) == 0
    assert none.to_arrow().schema == some.to_arrow().schema
    assert none.to_polars().schema == some.to_polars().schema
    assert len(none.to_pandas()) == 0
    assert none.to_dicts() == none.payloads == []
    assert none.vectors.shape == (0, 8)
    many = docs.search_many(vectors[:0], k=3)
    assert many.to_arrow().num_rows == 0
    assert (many.payloads, many.vectors, many.to_dicts(), many.to_run([])) == ([], None, [], {})
    assert many.to_knn_graph(ids=texts(30), arrays=True)[2].tolist() == [0]


def test_while_the_dimension_is_open_there_are_no_vectors(db):
    docs = db.create_collection("docs", dim="auto", metric="l2")
    hits = docs.search([1, 2], k=3, with_vectors=True)
    assert hits.to_arrow().column_names == ["rank", "id", "score", "value", "payload"]
    assert docs.scan().to_arrow().read_all().column_names == ["id", "payload"]


def test_without_payloads_there_are_no_columns_of_them(db):
    docs, vectors = collection(db)
    hits = docs.search(vectors[0], k=3, with_payloads=False)
    assert hits.to_arrow().column_names == ["rank", "id", "score", "value"]
    assert hits.payloads == [None, None, None]
    assert hits.vectors is None


def test_the_table_says_what_its_scores_are(db):
    docs, vectors = collection(db, metric="cosine")
    hits = docs.search(vectors[0], k=3, scores="elasticsearch")
    table = hits.to_arrow()
    assert table.schema.metadata == {
        b"vdb.metric": b"cosine",
        b"vdb.scores": b"elasticsearch",
        b"vdb.direction": b"higher",
    }
    assert table["score"].type == pa.from_numpy_dtype(hits.scores.dtype)


def test_a_field_with_the_name_of_a_column_gets_another(db):
    fields = {"id": "int", "payload": "keyword", "payload.id": "int", "rank.x": "int"}
    docs = db.create_collection("docs", dim=2, metric="l2", fields={**fields, "rank": "float"})
    payloads = [{"id": 5, "payload": "p", "rank": 2.5}, {"payload": {"id": 7}, "rank": {"x": 1}}]
    docs.add([0], [[0, 0]], payloads[:1])
    table = docs.search([0, 0], k=2).to_arrow()
    assert table.column_names == [
        "rank", "id", "score", "value",
        "payload.payload.id", "payload.payload", "payload.id", "rank.x", "payload.rank", "payload",
    ]  # fmt: skip
    row = table.to_pylist()[0]
    assert (row["id"], row["payload.payload.id"], row["payload.payload"]) == (0, 5, "p")
    assert (row["payload.rank"], row["rank.x"]) == (2.5, None)


def test_an_int_that_int64_cannot_hold_is_refused_by_name(db):
    docs = db.create_collection("docs", dim=2, metric="l2", fields={"n": "int"})
    docs.add(["a", "b"], [[0, 0], [1, 0]], [{"n": 1}, {"n": 2**63}])
    hits = docs.search([0, 0], k=2)
    for read in (hits.to_arrow, hits.to_polars, hits.to_pandas, hits.__arrow_c_stream__):
        with pytest.raises(vdb.InvalidPayloadError, match=r"record 'b'.*field 'n'.*above 2\*\*63"):
            read()
    assert docs.search([0, 0], k=1).to_arrow().num_rows == 1


def test_a_field_that_is_being_built_is_no_column(db, monkeypatch):
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add([0], [[0, 0]], [{"n": 1}])
    docs.index_field("n", "int")
    assert "n" in docs.search([0, 0], k=1).to_arrow().column_names
    docs.drop_field("n")
    assert "n" not in docs.search([0, 0], k=1).to_arrow().column_names


# Libraries


def test_polars_reads_the_same(db):
    docs, vectors = collection(db, ids=texts)
    hits = docs.search(vectors[3], k=20, with_vectors=True)
    frame = hits.to_polars()
    assert frame.schema["vector"] == pl.Array(pl.Float32, 8)
    assert frame.schema["when"] == pl.Datetime("us", "UTC")
    assert frame.schema["tags"] == pl.List(pl.String)
    rows = [
        {**row, "payload": row["payload"] and json.loads(row["payload"])}
        for row in frame.to_dicts()
    ]
    assert rows == list(expected(hits))
    assert docs.search_many(vectors[:2], k=2).to_polars()["query"].to_list() == [0, 0, 1, 1]


def test_frames_made_of_hits_themselves_have_a_row_a_hit(db):
    docs, vectors = collection(db)
    hits = docs.search(vectors[3], k=5, with_vectors=True)
    for frame in (pl.DataFrame(hits), pd.DataFrame(hits)):
        assert list(frame.columns) == ["id", "score", "value", "payload", "vector"]
        assert list(frame["id"]) == hits.ids.tolist()
        assert list(frame["score"]) == hits.scores.tolist()


def test_pandas_reads_the_same_and_keeps_large_ints(db):
    docs, vectors = collection(db, ids=texts)
    hits = docs.search(vectors[3], k=20, with_vectors=True)
    frame = hits.to_pandas()
    assert frame["rank"].dtype == np.int64
    assert str(frame["n"].dtype) == "Int64" and str(frame["flag"].dtype) == "boolean"
    assert str(frame["when"].dtype) == "datetime64[us, UTC]"
    for place, row in enumerate(expected(hits)):
        got = frame.iloc[place]
        assert got["id"] == row["id"] and got["score"] == row["score"]
        assert got["vector"].tolist() == row["vector"]
        for name in ("n", "flag"):
            assert (None if got[name] is pd.NA else got[name]) == row[name]
        assert (None if pd.isna(got["x"]) else got["x"]) == row["x"]
    many = docs.search_many(vectors[:3], k=4).to_pandas()
    assert many["query"].dtype == many["rank"].dtype == np.int64
    assert many.groupby("query").size().tolist() == [4, 4, 4]


def test_other_readers_of_the_stream(db, tmp_path):
    docs, vectors = collection(db, ids=texts)
    hits = docs.search(vectors[3], k=20, with_vectors=True)
    table = hits.to_arrow()
    assert pa.table(hits).equals(table)
    assert pa.RecordBatchReader.from_stream(hits).read_all().equals(table)
    assert pa.schema(hits).equals(table.schema, check_metadata=True)
    frame = pd.DataFrame.from_arrow(hits)
    assert frame["id"].tolist() == hits.ids.tolist()
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(config={"threads": 2}) as connection:
        found = connection.sql('select id, n, "deep.down", vector from hits where rank <= 5')
        assert found.fetchall() == [
            (row["id"], row["n"], row["deep.down"], tuple(row["vector"]))
            for row in table.slice(0, 5).to_pylist()
        ]
        many = docs.search_many(vectors[:4], k=3)  # noqa: F841 - named in the query
        assert connection.sql("select count(*), max(query) from many").fetchall() == [(12, 3)]


def test_files_keep_the_types(db, tmp_path):
    from pyarrow import feather, parquet

    docs, vectors = collection(db, ids=texts)
    table = docs.search(vectors[3], k=20, with_vectors=True).to_arrow()
    parquet.write_table(table, tmp_path / "hits.parquet")
    assert parquet.read_table(tmp_path / "hits.parquet").equals(table)
    feather.write_feather(table, tmp_path / "hits.feather")
    assert feather.read_table(tmp_path / "hits.feather").equals(table)


def test_a_table_that_cannot_be_made_names_the_extra(db, monkeypatch):
    import sys

    docs, vectors = collection(db)
    hits = docs.search(vectors[0], k=3)
    for name in ("pyarrow", "polars", "pandas", "scipy"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setitem(sys.modules, f"{name}.sparse", None)
    for read in (hits.to_arrow, hits.to_polars, hits.to_pandas, hits.to_knn_graph):
        with pytest.raises(ImportError, match=r"pip install 'vdb\[tables\]'"):
            read()
    assert hits.__arrow_c_stream__() is not None
    assert hits.to_dicts()[0]["id"] == hits[0].id


# What is given out is the reader's


def test_writing_to_what_was_given_out_changes_no_hits_and_no_database(db):
    docs, vectors = collection(db)
    hits = docs.search(vectors[3], k=5, with_vectors=True)
    before = [(hit.id, hit.score, hit.vector.tolist()) for hit in hits]
    table = hits.to_arrow()
    for name in ("score", "value", "rank", "id"):
        column = table[name].chunk(0)
        np.frombuffer(column.buffers()[1], np.uint8)  # readable
        forced = np.ndarray((len(column),), np.int64, _writable(column.buffers()[1]))
        forced[:] = -1
    numbers = table["vector"].chunk(0).flatten().buffers()[1]
    np.ndarray((numbers.size // 4,), np.float32, _writable(numbers))[:] = np.nan
    assert [(hit.id, hit.score, hit.vector.tolist()) for hit in hits] == before
    assert docs.get(hits[0].id).vector.tolist() == before[0][2]
    with pytest.raises(ValueError, match="read-only"):
        hits.vectors[0, 0] = 1
    payloads = hits.payloads
    payloads.clear()
    assert len(hits.payloads) == 5
    hits[0].vector[:] = 9.0  # a hit's vector is its own to write to, as it was
    assert docs.get(hits[0].id).vector.tolist() == before[0][2]


def _writable(buffer):
    """The memory of an Arrow buffer, as a library that does not ask would write to it."""
    import ctypes

    return (ctypes.c_uint8 * buffer.size).from_address(buffer.address)


def test_a_stream_that_nobody_reads_gives_everything_back(db):
    import gc
    import weakref

    docs, vectors = collection(db)
    hits = docs.search(vectors[3], k=5)
    for _ in range(3):
        capsules = [hits.__arrow_c_stream__(), hits.__arrow_c_schema__()]
        del capsules
    reader = pa.RecordBatchReader.from_stream(hits)
    del reader
    many = docs.search_many(vectors[:5], k=2)
    gone = weakref.ref(_Holder(many))
    gc.collect()
    assert gone() is None


class _Holder:
    def __init__(self, many):
        self.capsule = many.__arrow_c_stream__()


def test_a_table_outlives_the_hits_and_the_database(tmp_path):
    with vdb.open(tmp_path / "a.vdb") as db:
        docs, vectors = collection(db)
        hits = docs.search(vectors[3], k=20, with_vectors=True)
        wanted = list(expected(hits))
        table = hits.to_arrow()
        polars = hits.to_polars()
        late = hits.__arrow_c_stream__()
        del hits
    assert list(rows_of(table)) == wanted
    assert polars["id"].to_list() == [row["id"] for row in wanted]

    class Late:
        def __arrow_c_stream__(self, requested_schema=None):
            return late

    assert list(rows_of(pa.table(Late()))) == wanted


def test_to_dicts_is_json(db):
    docs, vectors = collection(db)
    hits = docs.search(vectors[3], k=6, with_vectors=True)
    assert json.loads(json.dumps(hits.to_dicts(), allow_nan=False)) == [
        {
            "id": hit.id,
            "score": hit.score,
            "value": hit.value,
            "payload": hit.payload,
            "vector": hit.vector.tolist(),
        }
        for hit in hits
    ]
    plain = docs.search_many(vectors[:2], k=2)
    assert plain.to_dicts() == [hits.to_dicts() for hits in plain]
    assert set(plain.to_dicts()[0][0]) == {"id", "score", "value", "payload"}
    odd = vdb.Hit(1, math.nan, math.inf)
    from vdb.model.presentation.json_dicts import hit_dict

    assert hit_dict(odd) == {"id": 1, "score": None, "value": None, "payload": None}


def test_columns_of_many_hits(db):
    docs, vectors = collection(db)
    many = docs.search_many(vectors[:4], k=3, with_vectors=True)
    assert many.payloads == [[hit.payload for hit in hits] for hits in many]
    assert [one.tolist() for one in many.vectors] == [
        [hit.vector.tolist() for hit in hits] for hits in many
    ]
    assert many[1:3].payloads == many.payloads[1:3]
