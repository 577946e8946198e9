"""`Collection.export`: its arguments, its files, and what it leaves when it fails."""

import json
import os

import numpy as np
import pytest

import vdb
from exports.collections import contents, fill
from vdb.exports.data import npy as npy_module


@pytest.fixture
def db():
    with vdb.temporary() as database:
        yield database
        assert list(database.check()) == []


@pytest.mark.parametrize(
    ("path", "name", "files"),
    [
        ("out", None, ["out.npy", "out.jsonl", "out.json"]),
        ("out.npy", None, ["out.npy", "out.jsonl", "out.json"]),
        ("out.v2", "npy", ["out.v2.npy", "out.v2.jsonl", "out.v2.json"]),
        ("OUT.NPY", None, ["OUT.NPY", "OUT.jsonl", "OUT.json"]),
    ],
)
def test_the_path_decides_the_names_of_the_files(db, tmp_path, path, name, files):
    report = fill(db).export(tmp_path / path, name)
    assert [file.name for file in report.files] == files
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(files)
    assert (report.format, report.records, report.notes) == ("npy", 40, ())


def test_the_end_of_a_path_that_says_no_format_is_refused_with_the_choices(db, tmp_path):
    docs = fill(db)
    with pytest.raises(vdb.InvalidArgumentError, match=r"'.docx'.*npy.*name one with format="):
        docs.export(tmp_path / "out.docx")
    with pytest.raises(vdb.InvalidArgumentError, match="format must be one of"):
        docs.export(tmp_path / "out", "word")
    assert list(tmp_path.iterdir()) == []


def test_an_option_that_a_format_does_not_have_is_refused(db, tmp_path):
    docs = fill(db)
    with pytest.raises(vdb.InvalidArgumentError, match="there is no 'level'"):
        docs.export(tmp_path / "out", options={"level": 3})
    with pytest.raises(vdb.ArgumentTypeError, match="options must be a dict"):
        docs.export(tmp_path / "out", options=[1])
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_replaced_only_when_asked_to(db, tmp_path):
    docs = fill(db)
    (tmp_path / "out.jsonl").write_text("mine")
    with pytest.raises(vdb.InvalidArgumentError, match=r"out\.jsonl.*overwrite=True"):
        docs.export(tmp_path / "out")
    with pytest.raises(vdb.InvalidArgumentError, match=r"overwrite=True"):
        docs.export(tmp_path / "out", dry_run=True)
    assert [file.name for file in tmp_path.iterdir()] == ["out.jsonl"]
    assert (tmp_path / "out.jsonl").read_text() == "mine"
    docs.export(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out.jsonl").read_text().count("\n") == 40


def test_a_dry_run_writes_nothing(db, tmp_path):
    report = fill(db).export(tmp_path / "out", dry_run=True)
    assert not report.written and report.records == 40
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_fails_leaves_nothing_behind(db, tmp_path):
    class StopError(Exception):
        pass

    def stop(done, total):
        raise StopError((done, total))

    with pytest.raises(StopError) as raised:
        fill(db).export(tmp_path / "out", progress=stop)
    assert raised.value.args == ((40, 40),)
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_replaced_stay_until_the_new_ones_are_complete(db, tmp_path, monkeypatch):
    docs = fill(db)
    docs.export(tmp_path / "out")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr(npy_module, "record_lines", lambda *_, **__: iter([1]))
    with pytest.raises(TypeError):
        docs.export(tmp_path / "out", overwrite=True)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_filter_leaves_the_others_out(db, tmp_path):
    docs = fill(db, bare=(0, 1, 16), fields={"n": "int"})
    report = docs.export(tmp_path / "out", where={"n": {"$eq": 1}})
    assert (report.records, report.without_vector) == (3, 2)
    lines = [json.loads(line) for line in report.files[1].read_text().split("\n")[:-1]]
    assert [line["id"] for line in lines] == ["doc 000", "doc 016", "doc 032"]
    assert np.load(report.files[0]).tobytes() == docs.get("doc 032").vector.tobytes()
    with pytest.raises(vdb.InvalidFilterError):
        docs.export(tmp_path / "no", where={"n": {"$what": 1}})


def test_an_export_is_of_one_moment(db, tmp_path):
    docs = fill(db)
    before = contents(docs)

    def write(done, total):
        with db.batch():
            docs.delete(docs.ids(limit=5))

    with db.snapshot() as moment:
        docs.delete(["doc 000"])
        report = moment.collection("docs").export(tmp_path / "out")
    assert report.records == 40
    db.import_source(report.files[0], "again")
    assert contents(db.collection("again")) == before


def test_inside_a_batch_its_own_writes_are_exported(db, tmp_path):
    docs = fill(db)
    with db.batch():
        docs.delete(["doc 000"])
        assert docs.export(tmp_path / "out").records == 39


def test_a_place_that_cannot_be_written_is_named(db, tmp_path):
    docs = fill(db)
    with pytest.raises(vdb.NotFoundError, match="nowhere"):
        docs.export(tmp_path / "nowhere" / "out")
    (tmp_path / "out.npy").mkdir()
    with pytest.raises(vdb.VdbError, match=r"out\.npy"):
        docs.export(tmp_path / "out", overwrite=True)
    if os.geteuid():
        tmp_path.chmod(0o500)
        with pytest.raises(vdb.ReadOnlyError):
            docs.export(tmp_path / "other")


@pytest.mark.parametrize("path", ["", "a\0b", "http://a.b/c", 7, None, b"out"])
def test_what_is_no_path_is_refused(db, path):
    with pytest.raises((vdb.InvalidArgumentError, vdb.ArgumentTypeError), match="path"):
        fill(db).export(path)


def test_a_missing_library_is_named_before_anything_is_written(db, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match="pip install pyarrow"):
        fill(db).export(tmp_path / "out.parquet")
    assert list(tmp_path.iterdir()) == []


def test_every_format_says_what_it_holds():
    rows = vdb.exports.formats()
    assert [row.name for row in rows] == sorted({row.name for row in rows})
    for row in rows:
        assert row.title and row.holds and row.versions and row.suffixes, row.name
        assert all(suffix.startswith(".") for suffix in row.suffixes)
