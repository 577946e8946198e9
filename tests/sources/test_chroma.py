"""Directories of Chroma: records, payloads and the metric are those of its collections."""

from __future__ import annotations

import pickle
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.records import names, payloads, vectors

FILES = Path(__file__).parents[1] / "files" / "sources" / "chroma"
VERSIONS = ("0.4.24", "1.5.9")
SPACES = ("l2", "ip", "cosine")


def unpacked(version, place):
    with zipfile.ZipFile(FILES / f"chroma-{version}.zip") as archive:
        archive.extractall(place)
    return place


@pytest.fixture(scope="module", params=VERSIONS)
def directory(request, tmp_path_factory):
    return unpacked(request.param, tmp_path_factory.mktemp("chroma"))


def expected():
    """Vectors by id, after the changes of make.py."""
    rows = dict(zip(names(), vectors(), strict=True))
    ids = names()
    rows[ids[2]] = rows[ids[2]] * 2
    rows[ids[39]] = rows[ids[39]] * 2
    del rows[ids[1]], rows[ids[30]]
    return rows


@pytest.mark.parametrize("space", SPACES)
def test_every_collection_gives_what_it_was_given(directory, space):
    with vdb.sources.open(directory, collection=f"docs-{space}") as source:
        info = source.info
        batches = list(source.batches(7))
    rows = {
        one: row for batch in batches for one, row in zip(batch.ids, batch.vectors, strict=True)
    }
    wanted = expected()
    assert set(rows) == set(wanted)
    for one, row in rows.items():
        if space == "cosine":
            assert row == pytest.approx(wanted[one], abs=1e-6)
        else:
            assert row.tolist() == wanted[one].tolist()
    assert not any(batch.refusals for batch in batches)
    assert (info.format, info.count, info.dim, info.metric) == ("chroma", 38, 16, space)
    kept = "rounded" if space == "cosine" else "exact"
    assert (info.ids, info.vectors, info.convention) == ("str", kept, "chroma")
    assert info.index == vdb.HNSW(M=8, ef_construction=40)


def test_payloads_are_metadata_and_documents(directory):
    with vdb.sources.open(directory, collection="docs-l2") as source:
        info = source.info
        (batch,) = source.batches()
    rows = dict(zip(batch.ids, batch.payloads, strict=True))
    given = dict(zip(names(), payloads(), strict=True))
    for place, one in enumerate(names()):
        if one in rows and place != 39:
            more = {"document": f"text {place}"} if place >= 20 else {}
            assert rows[one] == (given[one] or {}) | more
    assert rows[names()[39]] is None
    assert info.fields == {"even": "bool", "i": "int", "score": "float", "title": "keyword"}
    assert info.columns["document"] == "string"


@pytest.mark.parametrize("space", SPACES)
def test_scores_of_the_collection_agree(directory, space):
    with vdb.temporary() as db:
        place = directory / "chroma.sqlite3"
        options = {"collection": f"docs-{space}"}
        report = db.import_source(place, "docs", options=options, verify=10)
        docs = db.collection("docs", metric=space)
        assert (report.added, docs.info().scores) == (38, "chroma")
        assert report.verification.agrees
        assert docs.search(vectors()[5], k=1, where={"even": False}).ids == [names()[5]]
        assert list(db.check()) == []


def test_lists_and_fields_of_the_same_name_are_kept(tmp_path):
    with vdb.sources.open(unpacked("1.5.9", tmp_path), collection="lists") as source:
        (batch,) = source.batches()
        assert source.info.fields == {
            "document": "keyword",
            "numbers": "int[]",
            "tags": "keyword[]",
        }
    assert batch.payloads == [
        {
            "tags": ["x", "y"],
            "numbers": [1, 2],
            "document": "metadata's own",
            "chroma:document": "the document",
            "uri": "u:1",
        }
    ]


def test_several_collections_need_a_choice(directory):
    with pytest.raises(vdb.InvalidArgumentError, match=r"collection=.*docs-cosine, docs-ip"):
        vdb.sources.open(directory)
    with pytest.raises(vdb.InvalidArgumentError, match=r"no collection 'other'; there are docs-"):
        vdb.sources.open(directory, collection="other")
    with vdb.sources.open(directory, collection="empty") as source:
        assert (source.info.count, source.info.dim, list(source.batches())) == (0, None, [])


def test_the_metric_is_in_the_schema_alone_and_never_guessed(tmp_path):
    place = unpacked("1.5.9", tmp_path)
    with closing(sqlite3.connect(place / "chroma.sqlite3")) as database, database:
        assert database.execute("SELECT DISTINCT config_json_str FROM collections").fetchall() == [
            ("{}",)
        ]
        database.execute("UPDATE collections SET schema_str = NULL")
        database.execute("DELETE FROM collection_metadata")
    with vdb.sources.open(place, collection="docs-ip") as source:
        assert (source.info.metric, source.info.metrics) == (None, SPACES)


def test_the_space_in_the_metadata_is_the_metric_of_older_collections(tmp_path):
    place = unpacked("1.5.9", tmp_path)
    with closing(sqlite3.connect(place / "chroma.sqlite3")) as database, database:
        # As 0.6.3 writes it, whatever the space is.
        config = '{"hnsw_configuration": {"space": "l2", "ef_construction": 100, "M": 16}}'
        database.execute("UPDATE collections SET schema_str = NULL, config_json_str = ?", [config])
        rows = "SELECT DISTINCT str_value FROM collection_metadata WHERE key = 'hnsw:space'"
        assert {space for (space,) in database.execute(rows)} == set(SPACES)
    for space in SPACES:
        with vdb.sources.open(place, collection=f"docs-{space}") as source:
            assert source.info.metric == space
            assert source.info.index == vdb.HNSW(M=8, ef_construction=40)
    with vdb.sources.open(place, collection="lists") as source:
        assert source.info.metric == "l2"
        assert source.info.index == vdb.HNSW(M=16, ef_construction=100)


def test_opening_changes_nothing(directory):
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    with vdb.sources.open(directory, collection="docs-cosine") as source:
        assert source.checksum()
    assert {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()} == before


def indexes(place):
    return sorted(path.parent for path in place.rglob("index_metadata.pickle"))


def read(place):
    for space in SPACES:
        with vdb.sources.open(place, collection=f"docs-{space}") as source:
            for batch in source.batches():
                assert np.isfinite(batch.vectors).all()


@pytest.mark.parametrize("name", ["header.bin", "data_level0.bin", "index_metadata.pickle"])
def test_an_index_that_is_cut_short_is_refused_with_its_place(directory, tmp_path, name):
    for version_path in directory.rglob("*"):
        target = tmp_path / version_path.relative_to(directory)
        if version_path.is_file():
            target.parent.mkdir(exist_ok=True, parents=True)
            target.write_bytes(version_path.read_bytes())
    damaged = indexes(tmp_path)[0] / name
    whole = damaged.read_bytes()
    records = 140 * 30
    for length in range(0, min(len(whole) - 1, records), 1 + min(len(whole), records) // 20):
        if name == "header.bin" and length >= 52:
            break  # the rest is of the graph
        damaged.write_bytes(whole[:length])
        with pytest.raises(vdb.SourceError) as caught:
            read(tmp_path)
        assert caught.value.path == str(damaged) and caught.value.place


def test_a_database_that_is_damaged_is_refused(tmp_path):
    place = unpacked("1.5.9", tmp_path)
    database = place / "chroma.sqlite3"
    whole = database.read_bytes()
    for length in range(0, len(whole), len(whole) // 12):
        database.write_bytes(whole[:length])
        with pytest.raises(vdb.SourceError) as caught:
            read(place)
        assert caught.value.path == str(database)


def test_a_vector_of_another_length_is_refused_with_its_row(tmp_path):
    place = unpacked("1.5.9", tmp_path)
    with closing(sqlite3.connect(place / "chroma.sqlite3")) as database, database:
        database.execute("UPDATE embeddings_queue SET vector = x'00000000' WHERE seq_id = 5")
    with pytest.raises(vdb.SourceError, match=r"row 5 of the queue: has 4 bytes"):
        read(place)


def test_a_record_without_a_vector_is_a_refusal(tmp_path):
    place = unpacked("1.5.9", tmp_path)
    with closing(sqlite3.connect(place / "chroma.sqlite3")) as database, database:
        database.execute("DELETE FROM embeddings_queue WHERE seq_id = 5")
    with vdb.sources.open(place, collection="docs-l2") as source:
        (batch,) = source.batches()
    assert [(one.id, one.reason) for one in batch.refusals] == [
        (names()[4], "has a vector nowhere")
    ]


class Harmless:
    def __reduce__(self):
        return print, ("this must not be printed",)


def test_a_pickle_that_names_a_function_is_refused_and_runs_nothing(tmp_path, capsys):
    place = unpacked("0.4.24", tmp_path)
    for directory in indexes(place):
        (directory / "index_metadata.pickle").write_bytes(pickle.dumps(Harmless()))
    with pytest.raises(vdb.SourceError, match=r"the pickle: names builtins\.print"):
        read(place)
    assert capsys.readouterr().out == ""


def test_another_file_than_a_database_is_called_so(tmp_path):
    (tmp_path / "a.txt").write_text("no database")
    with pytest.raises(vdb.SourceError, match=r"a.txt: the head: is not that of a database"):
        vdb.sources.open(tmp_path / "a.txt", "chroma")
    with pytest.raises(vdb.DiskError, match=r"chroma.sqlite3 cannot be read: No such file"):
        vdb.sources.open(tmp_path, "chroma")
