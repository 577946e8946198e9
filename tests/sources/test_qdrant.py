"""Directories of qdrant-client: points, payloads and distances are what it was given."""

from __future__ import annotations

import json
import pickle
import sqlite3
import uuid
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.records import numbers, payloads, vectors

FILE = Path(__file__).parents[1] / "files" / "sources" / "qdrant" / "qdrant.zip"
METRICS = {"Cosine": "cosine", "Euclid": "l2", "Dot": "ip", "Manhattan": "l1"}
IDS = [0, 2**62, *numbers().tolist()[2:]]


def unpacked(place):
    with zipfile.ZipFile(FILE) as archive:
        archive.extractall(place)
    return place


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return unpacked(tmp_path_factory.mktemp("qdrant"))


def changed(place, statement, *values, collection="Dot"):
    unpacked(place)
    database = sqlite3.connect(place / "collection" / collection / "storage.sqlite")
    with closing(database), database:
        database.execute(statement, values)
    return place


@pytest.mark.parametrize("distance", METRICS)
def test_points_are_what_was_given_under_every_distance(directory, distance):
    with vdb.sources.open(directory, collection=distance) as source:
        info = source.info
        records = {
            one: (row, payload)
            for batch in source.batches(7)
            for one, row, payload in zip(batch.ids, batch.vectors, batch.payloads, strict=True)
        }
    assert (info.metric, info.count, info.dim) == (METRICS[distance], 38, 16)
    assert any("unit length" in note for note in info.notes) == (distance == "Cosine")
    assert (info.ids, info.convention) == ("int", "qdrant")
    assert info.index == (vdb.HNSW(M=8, ef_construction=40) if distance == "Dot" else None)
    assert set(records) == set(IDS) - {IDS[1], IDS[30]}
    for place, one in enumerate(IDS):
        if one in records:
            row, payload = records[one]
            factor = 2 if place == 2 else 1
            expected = vectors()[place] * factor
            if distance == "Cosine" and place == 3:  # its payload was changed
                expected /= np.linalg.norm(expected)
                assert row == pytest.approx(expected, abs=1e-6)
            else:
                assert row.tolist() == expected.tolist()
            more = {"new": [1, {"a": None}]} if place == 3 else {}
            assert (payload or None) == ((payloads()[place] or {}) | more or None)


@pytest.mark.parametrize("distance", METRICS)
def test_an_import_agrees(directory, distance):
    with vdb.temporary() as db:
        options = {"collection": distance}
        report = db.import_source(directory, "docs", options=options, verify=10)
        docs = db.collection("docs", metric=METRICS[distance])
        assert (report.added, docs.info().scores) == (38, "qdrant")
        assert report.verification.agrees
        assert list(db.check()) == []


def test_vectors_have_names_and_records_may_lack_them(directory):
    with pytest.raises(vdb.InvalidArgumentError, match="vector=, one of one, two"):
        vdb.sources.open(directory, collection="named")
    with vdb.sources.open(directory, collection="named", vector="one") as source:
        (batch,) = source.batches()
    assert batch.ids == [str(uuid.UUID(int=7)), "8"]
    assert batch.missing.tolist() == [False, True]
    assert source.info.optional_vectors and "all are taken as texts" in source.info.notes[0]
    assert "left out: two, many, sparse" in source.info.notes[1]
    with vdb.sources.open(directory, collection="named", vector="two") as source:
        (batch,) = source.batches()
        assert source.info.index == vdb.HNSW(M=6, ef_construction=100)
    assert batch.vectors.tolist() == [[1, 2], [3, 4]] and batch.missing is None


def test_what_vdb_does_not_have_is_refused_with_words(directory):
    with pytest.raises(vdb.SourceError, match="has sparse vectors alone"):
        vdb.sources.open(directory, collection="sparse")
    with pytest.raises(vdb.SourceError, match="has sparse vectors 'sparse'"):
        vdb.sources.open(directory, collection="named", vector="sparse")
    with pytest.raises(vdb.SourceError, match="several vectors 'many' a point"):
        vdb.sources.open(directory, collection="named", vector="many")


def test_several_collections_need_a_choice_and_aliases_are_names(directory):
    with pytest.raises(vdb.InvalidArgumentError, match="collection=, one of Cosine, Euclid"):
        vdb.sources.open(directory)
    with vdb.sources.open(directory, collection="other") as source:
        assert source.info.metric == "ip"


class Harmless:
    def __reduce__(self):
        return print, ("this must not be printed",)


def test_a_pickle_that_names_a_function_is_refused_and_runs_nothing(tmp_path, capsys):
    data = pickle.dumps(Harmless())
    place = changed(tmp_path, "UPDATE points SET point = ? WHERE rowid = 5", data)
    with (
        pytest.raises(vdb.SourceError, match=r"names builtins\.print") as caught,
        vdb.sources.open(place, collection="Dot") as source,
    ):
        list(source.batches())
    assert caught.value.place.startswith("point ") and capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE points SET point = substr(point, 1, 100) WHERE rowid = 5", "the pickle"),
        ("UPDATE points SET point = NULL WHERE rowid = 5", "has no pickle"),
        ("UPDATE points SET id = 'no base64!' WHERE rowid = 5", "id that cannot be read"),
        ("DROP TABLE points", "no such table"),
    ],
)
def test_points_that_are_damaged_are_refused_with_their_place(tmp_path, statement, words):
    place = changed(tmp_path, statement)
    with pytest.raises(vdb.SourceError, match=words) as caught:
        list(vdb.sources.open(place, collection="Dot").batches())
    assert caught.value.path.endswith("storage.sqlite") and caught.value.place


def test_files_that_are_cut_short_are_refused(tmp_path):
    unpacked(tmp_path)
    for name in ("meta.json", "collection/Dot/storage.sqlite"):
        path = tmp_path / name
        whole = path.read_bytes()
        for length in range(0, len(whole), len(whole) // 9):
            path.write_bytes(whole[:length])
            with pytest.raises(vdb.SourceError) as caught:
                list(vdb.sources.open(tmp_path, collection="Dot").batches())
            assert caught.value.path == str(path)
        path.write_bytes(whole)


def test_a_vector_of_another_length_is_a_refusal(tmp_path):
    unpacked(tmp_path)
    meta = json.loads((tmp_path / "meta.json").read_text())
    meta["collections"]["Dot"]["vectors"]["size"] = 15
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    with vdb.sources.open(tmp_path, collection="Dot") as source:
        (batch,) = source.batches()
    assert len(batch) == 0 and len(batch.refusals) == 38
    meta["collections"]["../Dot"] = meta["collections"].pop("Dot")
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(vdb.SourceError, match="a name that is no folder's"):
        vdb.sources.open(tmp_path, collection="../Dot")
