"""A scan is an iterator and a table: of one moment, in batches, each row once."""

import gc
import json
import threading
import weakref

import numpy as np
import pytest

import vdb

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

FIELDS = {"n": "int", "word": "keyword", "deep.down": "float"}


def filled(db, count=50, **options):
    options = {"dim": 4, "metric": "l2", "fields": FIELDS, **options}
    docs = db.create_collection("docs", **options)
    rng = np.random.default_rng(0)
    payloads = [
        None
        if i % 7 == 3
        else {"n": i, "word": f"w{i}", "deep": {"down": i / 3, "other": [i]}, "text": "é" * i}
        for i in range(count)
    ]
    docs.add(list(range(count)), rng.standard_normal((count, 4)).astype(np.float32), payloads)
    return docs


def rows_of(table):
    for row in table.to_pylist():
        yield {**row, "payload": row["payload"] and json.loads(row["payload"])}


def expected(docs, ids=None):
    for record in docs.scan() if ids is None else docs.get(ids):
        payload = record.payload or {}
        yield {
            "id": record.id,
            "vector": record.vector.tolist(),
            "n": payload.get("n"),
            "word": payload.get("word"),
            "deep.down": payload.get("deep", {}).get("down"),
            "payload": record.payload,
        }


@pytest.mark.parametrize("rows", [None, 1, 7, 50, 1000])
def test_a_table_has_what_the_records_have(db, rows):
    docs = filled(db)
    reader = docs.scan().to_arrow(rows=rows)
    batches = list(reader)
    assert all(batch.num_rows <= (rows or 50) for batch in batches)
    assert len(batches) == -(-50 // min(rows or 50, 50))
    table = pa.Table.from_batches(batches)
    table.validate(full=True)
    assert list(rows_of(table)) == list(expected(docs))
    assert reader.schema.metadata == {b"vdb.metric": b"l2"}


def test_large_collections_come_in_batches(db):
    docs = db.create_collection("docs", dim=2, metric="l2", index=vdb.Flat())
    docs.add(range(20_000), np.zeros((20_000, 2), np.float32))
    assert [b.num_rows for b in docs.scan().to_arrow()] == [8192, 8192, 3616]
    assert [b.num_rows for b in docs.scan().to_arrow(rows=9999)] == [9999, 9999, 2]


def test_batches_are_shorter_where_payloads_are_long(db, monkeypatch):
    from vdb.query import record_batches

    monkeypatch.setattr(record_batches, "_MOST_BYTES", 10_000)
    monkeypatch.setattr(record_batches, "_ROWS_AT_ONCE", 4)
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add(range(40), np.zeros((40, 2)), [{"text": "x" * 1000}] * 40)
    assert {b.num_rows for b in docs.scan().to_arrow()} == {12, 4}


def test_the_libraries_read_it(db):
    docs = filled(db)
    wanted = list(expected(docs))
    assert list(rows_of(pa.table(docs.scan()))) == wanted
    frame = pl.DataFrame(docs.scan())
    assert frame.equals(docs.scan().to_polars())
    assert frame["vector"].dtype == pl.Array(pl.Float32, 4)
    assert frame["id"].to_list() == [row["id"] for row in wanted]
    pandas = docs.scan(where={"n": {"$lt": 3}}).to_pandas()
    assert pandas["n"].tolist() == [0, 1, 2]
    assert json.loads(json.dumps(docs.scan(limit=2).to_dicts()))[1] == {
        "id": 1,
        "vector": docs.get(1).vector.tolist(),
        "payload": docs.get(1).payload,
    }
    duckdb = pytest.importorskip("duckdb")
    scan = docs.scan()
    with duckdb.connect(config={"threads": 2}) as connection:
        found = connection.sql("select count(*), sum(n) from scan").fetchall()
    assert found == [(50, sum(row["n"] or 0 for row in wanted))]
    assert list(scan) == []


def test_filters_pages_and_parts_hold_for_the_table(db):
    docs = filled(db)
    some = docs.scan(where={"n": {"$gte": 40}}, after=44, limit=3)
    assert list(rows_of(some.to_arrow().read_all())) == list(expected(docs, [46, 47, 48]))
    plain = docs.scan(with_vectors=False).to_arrow().read_all()
    assert plain.column_names == ["id", "n", "word", "deep.down", "payload"]
    none = docs.scan(columns=()).to_arrow().read_all()
    assert none.column_names == ["id", "vector"]


def test_columns_that_are_declared_need_no_json(db):
    docs = filled(db)
    table = docs.scan(columns=["n", "deep.down"], with_vectors=False).to_arrow().read_all()
    assert table.column_names == ["id", "n", "deep.down"]
    assert table["deep.down"].to_pylist() == [row["deep.down"] for row in expected(docs)]


def test_columns_that_are_not_declared_are_in_the_payload(db):
    docs = filled(db)
    for columns in (["text", "n"], ["deep", "word"], ["deep.other"]):
        records = list(docs.scan(columns=columns))
        table = docs.scan(columns=columns).to_arrow(rows=8).read_all()
        assert [row["payload"] for row in rows_of(table)] == [r.payload for r in records]
    assert docs.scan(columns=["text", "n"]).to_arrow().schema.names == [
        "id", "vector", "n", "payload",
    ]  # fmt: skip
    assert docs.scan(columns=["deep", "word"]).to_arrow().schema.names == [
        "id", "vector", "word", "deep.down", "payload",
    ]  # fmt: skip


def test_a_table_has_the_rows_that_are_still_to_come(db):
    docs = filled(db)
    scan = docs.scan()
    first = [next(scan).id for _ in range(5)]
    table = scan.to_arrow().read_all()
    assert first + table["id"].to_pylist() == list(range(50))
    assert list(scan) == []
    assert scan.to_arrow().read_all().num_rows == 0
    scan = docs.scan()
    reader = scan.to_arrow(rows=10)
    assert [next(scan).id, reader.read_next_batch()["id"].to_pylist()] == [10, list(range(10))]
    assert reader.read_next_batch()["id"].to_pylist() == list(range(11, 21))


def test_a_table_is_of_the_moment_of_its_scan(db):
    docs = filled(db)
    wanted = list(expected(docs))
    scan = docs.scan()
    reader = scan.to_arrow(rows=10)
    docs.delete(list(range(0, 50, 2)))
    docs.upsert([1, 99], np.ones((2, 4)))
    assert list(rows_of(reader.read_all())) == wanted
    assert len(docs) == 26


def test_a_scan_lets_its_moment_go(db):
    docs = filled(db)
    readers = db.info().readers

    def held():
        return db.info().readers - readers

    scan = docs.scan()
    next(scan)
    reader = scan.to_arrow(rows=10)
    assert held() > 0
    reader.read_all()
    assert held() == 0
    for left in ("deleted", "closed", "stream deleted"):
        gc.disable()
        try:
            scan = docs.scan()
            next(scan)
            stream = scan.__arrow_c_stream__() if left == "stream deleted" else None
            assert held() > 0
            if left == "closed":
                scan.close()
            del stream, scan
            assert held() == 0, left
        finally:
            gc.enable()


def test_closing_in_the_middle_is_an_error_of_the_stream(db):
    docs = filled(db)
    scan = docs.scan()
    reader = scan.to_arrow(rows=10)
    reader.read_next_batch()
    scan.close()
    assert list(scan) == []
    with pytest.raises(OSError, match="ClosedError: the scan was closed before its table"):
        reader.read_all()


def test_an_error_in_the_middle_comes_as_it_is_where_vdb_reads(db):
    docs = filled(db)
    docs.upsert([49], np.ones((1, 4)), [{"n": 2**64 - 1}])
    with pytest.raises(vdb.InvalidPayloadError, match=r"record 49.*int64"):
        docs.scan().to_pandas()
    with pytest.raises(vdb.InvalidPayloadError, match=r"record 49.*int64"):
        docs.scan().to_polars()
    reader = docs.scan().to_arrow(rows=10)
    with pytest.raises(OSError, match=r"InvalidPayloadError.*record 49"):
        reader.read_all()
    assert docs.scan(columns=["word"]).to_arrow().read_all().num_rows == 50


def test_rows_out_of_range_are_refused(db):
    docs = filled(db)
    for rows in (0, -1, 1_000_001):
        with pytest.raises(vdb.InvalidArgumentError, match="rows"):
            docs.scan().to_arrow(rows=rows)
    with pytest.raises(vdb.ArgumentTypeError, match="rows"):
        docs.scan().to_arrow(rows="10")


def test_in_a_batch_a_table_sees_what_was_written(db):
    docs = filled(db)
    with db.batch():
        docs.delete([0, 1])
        assert docs.scan().to_arrow().read_all()["id"].to_pylist() == list(range(2, 50))
        scan = docs.scan()
        docs.delete([2])
        assert scan.to_arrow().read_all()["id"].to_pylist() == list(range(3, 50))


def test_a_snapshot_gives_tables_too(db):
    docs = filled(db)
    with db.snapshot() as moment:
        docs.delete([0])
        table = moment.collection("docs").scan().to_arrow().read_all()
        assert table["id"].to_pylist() == list(range(50))
        reader = moment.collection("docs").scan().to_arrow(rows=10)
    with pytest.raises(OSError, match="ClosedError"):
        reader.read_all()


def test_any_thread_may_read_it(db):
    docs = filled(db)
    reader = docs.scan().to_arrow(rows=5)
    ids = []

    def read():
        while True:
            try:
                ids.extend(reader.read_next_batch()["id"].to_pylist())
            except StopIteration:
                return

    for _ in range(3):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    assert ids == list(range(50))


def test_records_without_a_vector_have_null(db):
    docs = db.create_collection("docs", dim=4, metric="l2", optional_vectors=True)
    docs.add([1, 2], np.ones((2, 4)), [{"a": 1}, None])
    docs.add([3], None, [{"a": 2}])
    table = docs.scan().to_arrow().read_all()
    table.validate(full=True)
    assert table["vector"].to_pylist() == [[1.0] * 4, [1.0] * 4, None]
    assert docs.scan().to_polars()["vector"].null_count() == 1


def test_an_empty_collection_has_a_schema(db):
    docs = db.create_collection("docs", dim=4, metric="l2", fields=FIELDS)
    table = pa.table(docs.scan())
    assert (table.num_rows, table.column_names) == (
        0, ["id", "vector", "n", "word", "deep.down", "payload"],
    )  # fmt: skip
    assert docs.scan().to_polars().shape == (0, 6)


def test_what_was_scanned_goes_in_again(db):
    docs = filled(db)
    again = db.create_collection("again", dim=4, metric="l2")
    again.add(docs.scan())
    assert list(again.scan()) == list(docs.scan())
    table = docs.scan(columns=["n"]).to_arrow().read_all()
    third = db.create_collection("third", dim=4, metric="l2")
    third.add(table, id="id", vector="vector", payload=["n"])
    assert third.get(5).payload == {"n": 5}
    assert third.get(5).vector.tolist() == docs.get(5).vector.tolist()


def test_a_weak_reference_shows_that_nothing_goes_in_circles(db):
    docs = filled(db)
    scan = docs.scan()
    next(scan)
    gone = weakref.ref(scan)
    gc.disable()
    try:
        del scan
        assert gone() is None
    finally:
        gc.enable()
