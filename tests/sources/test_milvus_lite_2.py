"""Files of Milvus Lite 2: records as they were given, without the library."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.records import COUNT, bits, names, numbers, payloads, vectors
from vdb.sources.reading.protobuf import message, signed, varints

FILE = Path(__file__).parents[1] / "files" / "sources" / "milvus_lite_2" / "milvus-lite-2.zip"
METRICS = {"L2": "l2", "IP": "ip", "COSINE": "cosine", "texts": None}
GONE = (1, 30)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    place = tmp_path_factory.mktemp("milvus")
    with zipfile.ZipFile(FILE) as archive:
        archive.extractall(place)
    return place / "milvus.db"


@pytest.fixture(scope="module")
def answers(file):
    return json.loads(file.with_name("answers.json").read_text())


def payload_of(place):
    given = payloads()[place] or {"i": -1, "title": "", "score": 0.0, "even": False}
    lists = {"numbers": [place, -1], "texts": ["a", f"ü{place}"] if place else []}
    more = {"dynamic": [place]} if place % 2 else {}
    return {"j": {"a": [place, None]}, "small": -place} | given | lists | more


@pytest.mark.parametrize("collection", METRICS)
def test_living_records_are_what_was_given_last(file, collection):
    given = names() if collection == "texts" else numbers().tolist()
    with vdb.sources.open(file, collection=collection) as source:
        info = source.info
        records = {
            one: (row, payload)
            for batch in source.batches(7)
            for one, row, payload in zip(
                batch.id_list(), batch.vectors, batch.payload_list(), strict=True
            )
        }
    living = [place for place in range(COUNT) if place not in GONE]
    assert sorted(records, key=str) == sorted((given[place] for place in living), key=str)
    for place in living:
        row, payload = records[given[place]]
        assert np.array_equal(row, vectors()[place] * (2 if place == 3 else 1))
        assert payload == payload_of(place)
    assert (info.format, info.metric) == ("milvus-lite-2", METRICS[collection])
    assert (info.count, info.dim) == (COUNT - len(GONE), 16)
    assert info.ids == ("str" if collection == "texts" else "int")
    assert info.fields == {
        "small": "int", "i": "int", "score": "float", "even": "bool", "title": "keyword",
        "numbers": "int[]", "texts": "keyword[]",
    }  # fmt: skip


@pytest.mark.parametrize("collection", ["L2", "IP", "COSINE", "codes"])
def test_a_collection_answers_as_milvus_lite_did(file, answers, collection):
    query = bits()[0] if collection == "codes" else vectors()[0]
    options = {"collection": collection}
    with vdb.temporary() as db:
        report = db.import_source(file, "docs", options=options, verify=9)
        assert report.scores == "milvus" and report.verification.agrees
        hits = db.collection("docs").search(query, k=5, exact=True)
        expected = answers[collection]
        assert hits.scores.tolist() == pytest.approx([score for _, score in expected], rel=1e-6)
        assert set(hits.ids.tolist()) == {one for one, _ in expected}
        assert list(db.check()) == []


@pytest.mark.parametrize(
    ("collection", "dtype", "stored"),
    [
        ("halves", "float16", vectors().astype(np.float16)),
        ("bfloats", "float32", vectors()),
        ("codes", "bit", bits()),
    ],
)
def test_other_vectors_are_exact(file, collection, dtype, stored):
    with vdb.sources.open(file, collection=collection) as source:
        (batch,) = source.batches()
        assert source.info.dtype == dtype and batch.ids == numbers().tolist()
    assert np.array_equal(batch.vectors, stored) and batch.vectors.dtype == stored.dtype
    assert batch.payloads == [None] * COUNT


def test_what_is_not_said_or_not_read_is_told(file):
    with pytest.raises(vdb.InvalidArgumentError, match=r"several collections: .* L2, bfloats"):
        vdb.sources.open(file)
    with pytest.raises(vdb.SourceError, match="0 fields of dense vectors"):
        vdb.sources.open(file, collection="sparse")
    info = vdb.sources.open(file, collection="jaccard").info
    assert info.metric is None and info.metrics == ("hamming",)
    assert info.notes == ("the index is for JACCARD, which vdb does not have",)


def changed(file, place, statement, *values):
    place.write_bytes(file.read_bytes())
    with sqlite3.connect(place) as database:
        database.execute(statement, values)
    database.close()
    return place


def test_damaged_messages_are_told_by_their_row(file, tmp_path):
    with sqlite3.connect(file) as database:
        (data,) = database.execute("SELECT CAST(data AS BLOB) FROM L2 WHERE id = 6").fetchone()
        (schema,) = database.execute(
            "SELECT CAST(blob_field AS BLOB) FROM collection_meta WHERE collection_name = 'L2' "
            "AND meta_type = 'schema'"
        ).fetchone()
    database.close()
    for length in range(0, len(data), 13):
        statement = "UPDATE L2 SET data = ? WHERE id = 6"
        place = changed(file, tmp_path / "a.db", statement, data[:length])
        with pytest.raises(vdb.SourceError) as caught:
            list(vdb.sources.open(place, collection="L2").batches())
        assert (caught.value.path, caught.value.place) == (str(place), "row 6")
    statement = "UPDATE collection_meta SET blob_field = ? WHERE collection_name = 'L2'"
    for length in range(1, len(schema), 19):
        place = changed(file, tmp_path / "a.db", statement, schema[:length])
        with pytest.raises(vdb.VdbError):
            list(vdb.sources.open(place, collection="L2", metric="l2").batches())
    place = changed(file, tmp_path / "a.db", "DROP TABLE L2")
    with pytest.raises(vdb.SourceError, match="no such table"):
        vdb.sources.open(place, collection="L2")


def test_messages_are_walked_within_their_bytes():
    assert list(message(b"\x08\x96\x01\x12\x01a\x1d\x01\x00\x00\x00")) == [
        (1, 150),
        (2, b"a"),
        (3, 1),
    ]
    assert varints(b"\x01\xff\x01") == [1, 255] and signed((1 << 64) - 3) == -3
    for wrong in (b"\x08", b"\x12\x05a", b"\x0b", b"\x1d\x00", b"\x08" + b"\xff" * 11):
        with pytest.raises(ValueError, match="a message"):
            list(message(wrong))
