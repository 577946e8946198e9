"""Tables of sqlite-vec: keys, vectors, metadata and the metric are what it was given."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.records import bits, names, numbers, vectors

FILE = Path(__file__).parents[1] / "files" / "sources" / "sqlite_vec" / "vec0.db"


def read(place=FILE, **options):
    """The records by id, as pairs of vector and payload."""
    with vdb.sources.open(place, **options) as source:
        return {
            one: (row, payload)
            for batch in source.batches(3)
            for one, row, payload in zip(
                batch.id_list(), batch.vectors, batch.payload_list(), strict=True
            )
        }


def changed(place, statement, *values):
    """A copy of the file with one change."""
    place.write_bytes(FILE.read_bytes())
    with closing(sqlite3.connect(place)) as database, database:
        database.execute(statement, values)
    return place


def test_records_of_every_kind_of_column_are_what_was_given():
    rows = read(table="docs")
    expected = dict(zip(names(), vectors(), strict=True))
    expected[names()[2]] = expected[names()[2]] * 2
    assert set(rows) == set(names()) - {names()[1], names()[30]}
    for place, one in enumerate(names()):
        if one not in rows:
            continue
        row, payload = rows[one]
        assert row.tolist() == expected[one].tolist()
        assert payload == {
            "kind": f"kind {place % 2}",
            "i": 777 if place == 2 else place,
            "score": place / 4,
            "even": place % 2 == 0,
            "title": "ü" * place,
            "note": f"note {place}" if place else None,
            "raw": "AAE=",
        }


def test_what_a_table_holds_is_in_the_statement_that_created_it():
    with vdb.sources.open(FILE, table="docs") as source:
        info = source.info
    assert (info.count, info.dim, info.metric, info.ids) == (38, 16, "cosine", "str")
    assert info.fields == {
        "kind": "keyword",
        "i": "int",
        "score": "float",
        "even": "bool",
        "title": "keyword",
        "note": "keyword",
    }
    assert info.columns["raw"] == "blob" and info.convention == "sqlite-vec"


@pytest.mark.parametrize("metric", ["l2", "l1"])
def test_rowids_are_ids(metric):
    rows = read(table=f"plain_{metric}")
    assert {one: row.tolist() for one, (row, _) in rows.items()} == dict(
        zip(numbers().tolist(), vectors().tolist(), strict=True)
    )
    assert vdb.sources.open(FILE, table=f"plain_{metric}").info.metric == metric


def test_bits_and_small_numbers_stay_as_they_are():
    rows = read(table="small", column="b")
    assert {one: row.tolist() for one, (row, _) in rows.items()} == {
        place - 3: row for place, row in enumerate(bits(dim=16)[:10].tolist())
    }
    codes = read(table="small", column="i")
    assert [codes[place - 3][0].tolist() for place in range(10)] == (
        (vectors()[:10] * 32).astype("i1").tolist()
    )
    info = vdb.sources.open(FILE, table="small", column="b").info
    assert (info.dtype, info.metric, info.dim) == ("bit", "hamming", 16)
    assert "left out: i" in info.notes[1]


@pytest.mark.parametrize(
    "options",
    [
        {"table": "docs"},
        {"table": "plain_l2"},
        {"table": "plain_l1"},
        {"table": "small", "column": "b"},
        {"table": "small", "column": "i"},
    ],
)
def test_an_import_agrees(options):
    with vdb.temporary() as db:
        report = db.import_source(FILE, "docs", options=options, verify=10)
        assert report.verification.agrees and report.verification.compared > 50
        assert db.collection("docs").info().scores == "sqlite-vec"
        assert list(db.check()) == []


def test_several_tables_and_columns_need_a_choice():
    with pytest.raises(vdb.InvalidArgumentError, match="table=, one of docs, plain_l1, plain_l2"):
        vdb.sources.open(FILE)
    with pytest.raises(vdb.InvalidArgumentError, match="no table 'other'"):
        vdb.sources.open(FILE, table="other")
    with pytest.raises(vdb.InvalidArgumentError, match="column=, one of b, i"):
        vdb.sources.open(FILE, table="small")


def test_a_file_that_is_cut_short_is_refused(tmp_path):
    whole = FILE.read_bytes()
    place = tmp_path / "a.db"
    for length in range(16, len(whole), len(whole) // 20):
        place.write_bytes(whole[:length])
        with pytest.raises(vdb.SourceError) as caught:
            read(place, format="sqlite-vec", table="docs")
        assert caught.value.path == str(place) and caught.value.place


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE docs_chunks SET validity = x'ff00' WHERE chunk_id = 2", "2 bytes of validity"),
        ("UPDATE docs_chunks SET rowids = 'text' WHERE chunk_id = 2", "0 bytes of rowids"),
        ("UPDATE docs_chunks SET size = 7 WHERE chunk_id = 2", "7 places"),
        ("DELETE FROM docs_vector_chunks00 WHERE rowid = 2", "0 bytes of vectors"),
        ("UPDATE docs_vector_chunks00 SET vectors = x'00'", "1 bytes of vectors"),
        ("UPDATE docs_metadatachunks00 SET data = x'00'", "1 bytes of i"),
        ("DELETE FROM docs_metadatatext03", "has no text for row"),
        ("DROP TABLE docs_rowids", "no such table"),
    ],
)
def test_a_table_that_is_damaged_is_refused_with_its_place(tmp_path, statement, words):
    place = changed(tmp_path / "a.db", statement)
    with pytest.raises(vdb.SourceError, match=words):
        read(place, table="docs")


def test_a_record_without_a_key_is_a_refusal(tmp_path):
    place = changed(tmp_path / "a.db", "DELETE FROM docs_rowids WHERE id = ?", names()[4])
    with vdb.sources.open(place, table="docs") as source:
        refusals = [one for batch in source.batches() for one in batch.refusals]
    assert [one.reason for one in refusals] == ["has no key"]


def test_nan_stays_in_its_row(tmp_path):
    nan = np.full(128, np.nan, "<f4").tobytes()
    statement = "UPDATE plain_l2_vector_chunks00 SET vectors = ? WHERE rowid = 1"
    place = changed(tmp_path / "a.db", statement, nan)
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", options={"table": "plain_l2"})
        assert (report.added, report.refused) == (32, 8)
