"""Directories of Milvus Lite 3: records live or not as in the library, from files and the log."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import vdb
from sources.records import names, numbers, payloads, vectors

pytest.importorskip("pyarrow")

FILE = Path(__file__).parents[1] / "files" / "sources" / "milvus_lite" / "milvus-lite-3.zip"
METRICS = {"L2": "l2", "IP": "ip", "COSINE": "cosine", "texts": None}


def unpacked(place):
    with zipfile.ZipFile(FILE) as archive:
        archive.extractall(place)
    return place


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return unpacked(tmp_path_factory.mktemp("milvus"))


def ids_of(collection):
    return names() if collection == "texts" else numbers().tolist()


@pytest.mark.parametrize("collection", METRICS)
def test_living_records_are_what_was_given_last(directory, collection):
    with vdb.sources.open(directory, collection=collection) as source:
        info = source.info
        records = {
            one: (row, payload)
            for batch in source.batches(7)
            for one, row, payload in zip(
                batch.id_list(), batch.vectors, batch.payload_list(), strict=True
            )
        }
        assert source.skipped == {"deleted": 3, "replaced": 2}
    ids = ids_of(collection)
    assert set(records) == set(ids) - {ids[1], ids[30]}
    for place, one in enumerate(ids):
        if one not in records:
            continue
        row, payload = records[one]
        factor = {3: 2, 31: 2, 2: 3}.get(place, 1)
        assert row.tolist() == (vectors()[place] * factor).tolist()
        expected = payloads()[place] or dict.fromkeys(("i", "title", "score", "even"))
        more = {"dynamic": [place]} if place % 2 else {}
        assert payload == expected | more | {"j": {"a": [place]}}
    assert (info.metric, info.dim, info.convention) == (METRICS[collection], 16, "milvus-3")
    assert info.ids == ("str" if collection == "texts" else "int")
    assert info.fields == {"i": "int", "title": "keyword", "score": "float", "even": "bool"}
    expected_index = None if collection == "texts" else vdb.HNSW(M=8, ef_construction=40)
    assert info.index == expected_index and info.columns["j"] == "json"


@pytest.mark.parametrize("collection", METRICS)
def test_an_import_agrees(directory, collection):
    with vdb.temporary() as db:
        metric = METRICS[collection] or "l2"
        options = {"collection": collection}
        if METRICS[collection] is None:
            with pytest.raises(vdb.InvalidArgumentError, match="one of l2, ip, cosine"):
                db.import_source(directory, "docs", options=options)
        report = db.import_source(directory, "docs", options=options, metric=metric, verify=10)
        assert (report.added, report.refused) == (38, 0) and report.verification.agrees
        assert db.collection("docs").info().scores == "milvus-3"
        assert list(db.check()) == []


def test_several_collections_need_a_choice(directory):
    with pytest.raises(vdb.InvalidArgumentError, match="collection=, one of COSINE, IP, L2, texts"):
        vdb.sources.open(directory)
    with pytest.raises(vdb.InvalidArgumentError, match="no vector 'w'; there are v"):
        vdb.sources.open(directory, collection="L2", vector="w")


def files(place):
    root = place / "collections" / "L2"
    return sorted(path for path in root.rglob("*") if path.suffix in {".json", ".parquet"})


def test_files_that_are_cut_short_are_refused_with_their_path(tmp_path):
    unpacked(tmp_path)
    assert len(files(tmp_path)) == 4
    for path in files(tmp_path):
        whole = path.read_bytes()
        for length in range(0, len(whole) - 1, len(whole) // 9):
            path.write_bytes(whole[:length])
            with pytest.raises(vdb.SourceError) as caught:
                list(vdb.sources.open(tmp_path, collection="L2").batches())
            assert caught.value.path == str(path) and caught.value.place
        path.write_bytes(whole)


def test_a_log_that_is_cut_within_a_batch_is_refused(tmp_path):
    unpacked(tmp_path)
    (path,) = (tmp_path / "collections" / "L2" / "wal").glob("wal_data_*")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(vdb.SourceError, match="wal_data"):
        list(vdb.sources.open(tmp_path, collection="L2").batches())


def test_the_manifest_leads_nowhere_else(tmp_path):
    unpacked(tmp_path)
    path = tmp_path / "collections" / "L2" / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in ("../../texts/data.parquet", "/etc/passwd", "data/none.parquet"):
        manifest["partitions"]["_default"]["data_files"] = [name]
        path.write_text(json.dumps(manifest))
        with pytest.raises(vdb.SourceError, match=r"names|is not there"):
            vdb.sources.open(tmp_path, collection="L2")
