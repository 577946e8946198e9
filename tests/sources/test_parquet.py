"""Parquet files of several writers, and of vdb's own export, give back what they were given."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources import exports, records
from vdb.sources import open as open_source

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

FILES = Path(__file__).parents[1] / "files" / "sources" / "parquet"
ROWS = records.vectors()
LISTS = pa.FixedSizeListArray.from_arrays(pa.array(ROWS.ravel()), 16)


def table(**more):
    return pa.table({"id": records.numbers(), "vector": LISTS, **more})


@pytest.mark.parametrize("name", ["polars", "duckdb"])
def test_a_file_of_another_writer_becomes_the_records(name):
    given = [one or dict.fromkeys(["i", "title", "score", "even"]) for one in records.payloads()]
    with vdb.temporary() as db, open_source(FILES / f"{name}.parquet") as source:
        info = source.info
        assert (info.format, info.count, info.dim, info.ids) == ("parquet", 40, 16, "str")
        assert {"i": "int", "title": "keyword", "score": "float", "even": "bool"}.items() <= (
            info.fields.items()
        )
        report = db.import_source(source, "docs", metric="l2", verify=5, batch_rows=17)
        assert (report.added, report.refused) == (40, 0) and report.verification.agrees
        docs = db.collection("docs").get(records.names())
        assert np.array_equal([one.vector for one in docs], ROWS)
        for one, payload in zip(docs, given, strict=True):
            at = one.payload.pop("at", None)
            assert one.payload == payload
            day = payload["i"]
            assert at is None or day is None or at.startswith(f"2024-0{5 if day < 31 else 6}-")
        assert list(db.check()) == []


@pytest.mark.parametrize("store_schema", [True, False])
def test_null_rows_move_no_vector(tmp_path, store_schema):
    mask = np.arange(40) % 7 == 3
    lists = pa.FixedSizeListArray.from_arrays(pa.array(ROWS.ravel()), 16, mask=pa.array(mask))
    place = tmp_path / "a.parquet"
    pq.write_table(pa.table({"vector": lists}), place, store_schema=store_schema, row_group_size=9)
    batches = list(open_source(place).batches(10))
    assert np.array_equal(np.concatenate([one.vectors for one in batches]), ROWS[~mask])
    refusals = [one for batch in batches for one in batch.refusals]
    assert [one.place for one in refusals] == [f"row {row}" for row in np.flatnonzero(mask)]
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", metric="l2", options={"optional": True})
        assert (report.added, report.refused) == (40, 0)
        bare = [one.id for one in db.collection("docs").scan() if one.vector is None]
        assert bare == np.flatnonzero(mask).tolist()
        assert list(db.check()) == []


def test_a_folder_of_files_is_one_source(tmp_path):
    for part in (0, 1, 2):
        rows = table(n=np.arange(40)).slice(part * 15, 15)
        pq.write_table(rows, tmp_path / f"train-{part:05}-of-00003.parquet")
    (tmp_path / "_SUCCESS").touch()
    with open_source(tmp_path) as source:
        assert (source.info.format, source.info.count) == ("parquet", 40)
        batches = list(source.batches())
        assert np.concatenate([one.rows for one in batches]).tolist() == list(range(40))
        assert np.array_equal(np.concatenate([one.vectors for one in batches]), ROWS)
    pq.write_table(table(other=np.arange(40)), tmp_path / "train-9.parquet")
    with pytest.raises(vdb.SourceError, match="has other columns than"):
        open_source(tmp_path)


def test_the_options_say_what_a_table_does_not(tmp_path):
    place = tmp_path / "a.parquet"
    bits = records.bits()
    texts = [json.dumps(one) for one in records.payloads()]
    texts[3] = "{"
    pq.write_table(
        pa.table(
            {
                "key": records.names(),
                "bits": pa.FixedSizeListArray.from_arrays(pa.array(bits.ravel()), 8),
                "half": pa.FixedSizeListArray.from_arrays(pa.array(ROWS.ravel().astype("f2")), 16),
                "json": texts,
                "x": [float("nan"), *range(39)],
            }
        ),
        place,
    )
    with open_source(place, id="key", vector="bits", numbers="bit", json="json") as source:
        info = source.info
        assert (info.dim, info.numbers, info.dtype, info.ids) == (64, "bit", "bit", "str")
        (batch,) = source.batches()
        chosen = np.arange(40) != 3
        assert np.array_equal(batch.vectors, bits[chosen])
        given = [one for one, here in zip(records.payloads(), chosen, strict=True) if here]
        assert batch.payloads == given
        ((place_of, one, reason),) = batch.refusals
        assert (place_of, one) == ("row 3", records.names()[3]) and "is not JSON" in reason
    with open_source(place, id="row", vector="half", payload="x, key", nan="null") as source:
        assert (source.info.dtype, source.info.ids) == ("float16", "row")
        assert list(source.info.columns) == ["x", "key"]
        first = next(source.batches()).payload_list()[0]
        assert first == {"x": None, "key": records.names()[0]}
    with pytest.raises(vdb.InvalidArgumentError, match="may be bits, half"):
        open_source(place)
    with pytest.raises(vdb.InvalidArgumentError, match="is of float16"):
        open_source(place, vector="half", numbers="bit")


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "bit"])
def test_an_export_comes_back_as_it_was(tmp_path, dtype):
    given = exports.export(tmp_path, dtype, "--parquet")
    exports.require_same(tmp_path / "out.parquet", given, dtype)


def test_a_damaged_file_is_refused_with_its_place(tmp_path):
    place = tmp_path / "a.parquet"
    shutil.copy(FILES / "polars.parquet", place)
    whole = place.read_bytes()
    for length in range(4, len(whole), 97):
        place.write_bytes(whole[:length])
        with pytest.raises(vdb.SourceError) as raised:
            open_source(place)
        assert raised.value.path == str(place) and raised.value.place
    pq.write_table(table(), place, write_page_checksum=True, use_dictionary=False)
    damaged = bytearray(place.read_bytes())
    at = damaged.index(ROWS[20].tobytes()[:8]) if ROWS[20].tobytes()[:8] in damaged else 600
    damaged[at] ^= 1
    place.write_bytes(damaged)
    with pytest.raises(vdb.SourceError, match=r"(?i)crc|checksum"):
        list(open_source(place).batches())


def test_a_row_group_is_not_held_as_a_whole(tmp_path):
    rows = np.random.default_rng(0).normal(size=100_000 * 32).astype(np.float32)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(rows), 32)
    place = tmp_path / "a.parquet"
    pq.write_table(pa.table({"vector": lists}), place, row_group_size=100_000)
    before, peak = pa.total_allocated_bytes(), 0
    with open_source(place) as source:
        for _ in source.batches(1000):
            peak = max(peak, pa.total_allocated_bytes() - before)
    assert peak < rows.nbytes / 2


def test_an_empty_table_says_so(tmp_path):
    pq.write_table(table().slice(0, 0), tmp_path / "a.parquet")
    with open_source(tmp_path / "a.parquet") as source:
        assert (source.info.count, source.info.dim) == (0, 16) and list(source.batches()) == []
    lists = pa.array([], pa.list_(pa.float32()))
    pq.write_table(pa.table({"vector": lists}), tmp_path / "b.parquet", store_schema=False)
    assert open_source(tmp_path / "b.parquet").info.dim is None
