"""Tables of SQLite with vectors as BLOBs: rows become records, and nothing is guessed."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

import vdb
from sources.records import bits, names, payloads, vectors


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE docs (name TEXT PRIMARY KEY, embedding BLOB, i INTEGER, title TEXT, "
            "score REAL, even INTEGER, text TEXT)"
        )
        for name, row, payload in zip(names(), vectors(), payloads(), strict=True):
            values = (payload or dict.fromkeys(("i", "title", "score", "even"))).values()
            values = [name, row.tobytes(), *values, "x" * 300]
            database.execute("INSERT INTO docs VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        database.execute("CREATE TABLE other (a TEXT, b TEXT)")
    return path


def change(path, *statements):
    with closing(sqlite3.connect(path)) as database, database:
        for statement, *values in statements:
            database.execute(statement, values)


def test_rows_are_records_with_the_types_of_their_values(place):
    with vdb.sources.open(place) as source:
        info = source.info
        batches = list(source.batches(7))
    assert (info.format, info.count, info.dim, info.ids) == ("sqlite", 40, 16, "str")
    assert info.fields == {"i": "int", "title": "keyword", "score": "float", "even": "int"}
    assert info.metric is None and info.columns["text"] == "TEXT"
    assert [one for batch in batches for one in batch.ids] == names()
    assert np.array_equal(np.concatenate([batch.vectors for batch in batches]), vectors())
    received = [one for batch in batches for one in batch.payloads]
    for payload, expected in zip(received, payloads(), strict=True):
        if expected is not None:
            assert payload == expected | {"text": "x" * 300}


def test_an_import_asks_for_the_metric_and_agrees(place):
    with vdb.temporary() as db:
        with pytest.raises(vdb.InvalidArgumentError, match="metric must be given"):
            db.import_source(place, "docs")
        report = db.import_source(place, "docs", metric="cosine", verify=10)
        assert report.added == 40 and report.verification.agrees
        assert list(db.check()) == []


def test_rows_that_cannot_be_records_are_refused_with_their_place(place):
    change(
        place,
        ("UPDATE docs SET embedding = ? WHERE name = ?", b"1234", names()[3]),
        ("UPDATE docs SET embedding = '[1, 2]' WHERE name = ?", names()[4]),
        ("UPDATE docs SET embedding = NULL WHERE name = ?", names()[5]),
        ("UPDATE docs SET name = NULL WHERE name = ?", names()[6]),
    )
    with vdb.sources.open(place) as source:
        (batch,) = source.batches()
    assert [(one.place, one.reason) for one in batch.refusals] == [
        ("row 3", "has 4 bytes of a vector, not 64"),
        ("row 4", "has no bytes of a vector, not 64"),
        ("row 5", "has no bytes of a vector, not 64"),
        ("row 6", "has no id that is a whole number or a text"),
    ]
    with vdb.sources.open(place, optional=True) as source:
        (batch,) = source.batches()
    assert batch.missing.sum() == 1 and len(batch.refusals) == 3


@pytest.mark.parametrize(
    ("numbers", "rows", "dim"),
    [
        ("float64", vectors().astype(np.float64), 16),
        ("float16", vectors().astype(np.float16), 16),
        ("int8", (vectors() * 32).astype(np.int8), 16),
        ("bit", bits(), 64),
    ],
)
def test_numbers_have_the_type_that_the_user_names(place, numbers, rows, dim):
    change(
        place,
        *[
            ("UPDATE docs SET embedding = ? WHERE name = ?", row.tobytes(), name)
            for name, row in zip(names(), rows, strict=True)
        ],
    )
    with vdb.sources.open(place, numbers=numbers) as source:
        (batch,) = source.batches()
        assert source.info.dim == dim
    assert np.array_equal(batch.vectors, rows)


def test_rowids_are_ids_where_there_is_no_key_and_choices_are_listed(place):
    change(
        place,
        ('CREATE TABLE "odd ""name" (a BLOB, b BLOB)',),
        ('INSERT INTO "odd ""name" VALUES (?, ?)', vectors()[0].tobytes(), b"\0"),
    )
    with pytest.raises(vdb.InvalidArgumentError, match=r'table=, one of docs, odd "name'):
        vdb.sources.open(place)
    with pytest.raises(vdb.InvalidArgumentError, match="column=, one of a, b"):
        vdb.sources.open(place, table='odd "name')
    with vdb.sources.open(place, table='odd "name', column="a") as source:
        (batch,) = source.batches()
        assert source.info.ids == "int" and "base64" in source.info.notes[0]
    assert batch.ids == [1] and batch.payloads == [{"b": "AA=="}]
    with pytest.raises(vdb.InvalidArgumentError, match="no id 'none'"):
        vdb.sources.open(place, table="docs", id="none")


def test_a_file_that_is_cut_short_is_refused(place):
    whole = place.read_bytes()
    for length in range(16, len(whole), len(whole) // 9):
        place.write_bytes(whole[:length])
        with pytest.raises(vdb.SourceError) as caught:
            list(vdb.sources.open(place, "sqlite").batches())
        assert caught.value.path == str(place)
