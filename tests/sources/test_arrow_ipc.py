"""Files and streams of Arrow give back the records that were written, and damage is told."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import vdb
from sources import records
from vdb.sources import open as open_source

pa = pytest.importorskip("pyarrow")
ipc = pytest.importorskip("pyarrow.ipc")
feather = pytest.importorskip("pyarrow.feather")

ROWS = records.vectors()
GIVEN = [one or dict.fromkeys(["i", "title", "score", "even"]) for one in records.payloads()]


def table():
    columns = {name: [one[name] for one in GIVEN] for name in GIVEN[0]}
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(ROWS.ravel()), 16)
    return pa.table({"id": records.names(), **columns, "vector": vectors})


def as_file(place):
    with ipc.new_file(place, table().schema) as writer:
        writer.write_table(table(), max_chunksize=15)


def as_stream(place):
    with ipc.new_stream(place, table().schema) as writer:
        writer.write_table(table(), max_chunksize=15)


def as_feather(place):
    feather.write_feather(table(), place, compression="lz4")


@pytest.mark.parametrize("write", [as_file, as_stream, as_feather])
def test_the_records_are_those_that_were_written(tmp_path, write):
    place = tmp_path / "a.arrow"
    write(str(place))
    with vdb.temporary() as db, open_source(place) as source:
        info = source.info
        assert (info.format, info.dim, info.ids) == ("arrow", 16, "str")
        assert (info.version, info.count) == (
            ("stream", None) if write is as_stream else ("file", 40)
        )
        assert info.fields == {"i": "int", "title": "keyword", "score": "float", "even": "bool"}
        assert all(len(batch) <= 7 for batch in source.batches(7))
        report = db.import_source(source, "docs", metric="ip", verify=5)
        assert (report.added, report.refused) == (40, 0) and report.verification.agrees
        docs = db.collection("docs").get(records.names())
        assert [one.payload for one in docs] == GIVEN
        assert np.array_equal([one.vector for one in docs], ROWS)
        assert list(db.check()) == []


def test_a_stream_without_its_end_says_so(tmp_path):
    place = tmp_path / "a.arrows"
    as_stream(str(place))
    assert open_source(place).info.notes == ()
    place.write_bytes(place.read_bytes()[:-8])
    with open_source(place) as source:
        assert source.info.notes == ("a stream has no mark at its end: batches may be missing",)
        assert sum(len(one) for one in source.batches()) == 40


@pytest.mark.parametrize("write", [as_file, as_stream, as_feather])
def test_a_file_that_is_cut_short_is_refused(tmp_path, write):
    place = tmp_path / "a.arrow"
    write(str(place))
    whole = place.read_bytes()
    for length in range(8, len(whole) - 8, 331):
        place.write_bytes(whole[:length])
        try:
            with open_source(place) as source:
                count = sum(len(one) for one in source.batches())
                assert write is as_stream and count % 15 == 0 and source.info.notes
        except vdb.SourceError as error:
            assert error.path == str(place) and error.place


def test_offsets_beyond_their_buffer_are_refused(tmp_path):
    lists = pa.array(ROWS.tolist(), pa.list_(pa.float32()))
    rows = pa.table({"vector": lists})
    place = tmp_path / "a.arrow"
    with ipc.new_file(str(place), rows.schema) as writer:
        writer.write_table(rows)
    whole = place.read_bytes()
    offsets = (np.arange(41, dtype=np.int32) * 16).tobytes()
    assert whole.count(offsets) == 1
    wrong = offsets[:80] + np.int32(1 << 30).tobytes() + offsets[84:]
    place.write_bytes(whole.replace(offsets, wrong))
    with pytest.raises(vdb.SourceError, match=r"(?i)offset"):
        list(open_source(place).batches())


def test_a_folder_of_a_dataset_is_read_in_its_order(tmp_path):
    names = [f"data-0000{part}-of-00002.arrow" for part in (0, 1)]
    for part, name in enumerate(names):
        rows = table().slice(part * 25, 25)
        with ipc.new_stream(str(tmp_path / name), rows.schema) as writer:
            writer.write_table(rows)
    state = {"_data_files": [{"filename": name} for name in names]}
    (tmp_path / "state.json").write_text(json.dumps(state))
    shutil.copy(tmp_path / names[0], tmp_path / "cache-1234.arrow")  # which belongs to no dataset
    with open_source(tmp_path) as source:
        assert source.info.format == "arrow"
        assert [one for batch in source.batches() for one in batch.ids] == records.names()
    state["_data_files"].append({"filename": "../a.arrow"})
    (tmp_path / "state.json").write_text(json.dumps(state))
    with pytest.raises(vdb.SourceError, match=r"state\.json: names .*not all there"):
        open_source(tmp_path)


def test_the_first_feather_is_named(tmp_path):
    place = tmp_path / "a.feather"
    place.write_bytes(b"FEA1" + bytes(100))
    with pytest.raises(vdb.SourceError, match="Feather version 1"):
        open_source(place)


def test_names_of_columns_that_are_no_text_are_told(tmp_path):
    place = tmp_path / "a.arrow"
    as_stream(str(place))
    whole = place.read_bytes()
    assert whole.count(b"title") == 1
    place.write_bytes(whole.replace(b"title", b"titl\xc7"))
    with pytest.raises(vdb.SourceError, match="utf-8") as caught:
        open_source(place)
    assert caught.value.path == str(place) and caught.value.place == "the schema"
