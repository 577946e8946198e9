"""`Collection.export`: its arguments, its files, and what it leaves when it fails."""

import json
import os

import numpy as np
import pytest

import vdb
from exports.collections import contents, fill
from vdb.exports.data import npy as npy_module


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


@pytest.mark.parametrize("end", [".npy", ".parquet", ".arrow", ".lance", ".sql", ".ndjson"])
@pytest.mark.parametrize("error", [OSError, StopIteration, MemoryError, KeyboardInterrupt])
def test_an_error_of_the_progress_function_is_raised_as_it_is(db, tmp_path, end, error):
    if end == ".lance":
        pytest.importorskip("lance")
    mine = error("mine")

    def stop(done, total):
        raise mine

    with pytest.raises(error) as raised:
        fill(db).export(tmp_path / f"out{end}", progress=stop)
    assert raised.value is mine
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", [".npy", ".parquet", ".arrow", ".lance"])
def test_a_database_that_is_closed_meanwhile_is_the_error(tmp_path, end):
    if end == ".lance":
        pytest.importorskip("lance")
    db = vdb.open(tmp_path / "a.vdb")
    docs = fill(db, count=20_000)
    place = tmp_path / "out"
    place.mkdir()
    with pytest.raises(vdb.ClosedError):
        docs.export(place / f"out{end}", progress=lambda *_: db.close())
    assert list(place.iterdir()) == []
    with vdb.open(tmp_path / "a.vdb") as again:
        assert list(again.check()) == []


@pytest.mark.parametrize("end", [".npy", ".parquet", ".arrow", ".lance", ".sql", ".ndjson"])
def test_inside_a_batch_every_format_has_its_own_writes(db, tmp_path, end):
    if end == ".lance":
        pytest.importorskip("lance")
    docs = fill(db)
    with db.batch():
        docs.delete(["doc 000"])
        report = docs.export(tmp_path / f"out{end}")
    with vdb.temporary() as other:
        other.import_source(report.files[0], "again")
        assert list(other.collection("again").ids()) == list(docs.ids())


@pytest.mark.parametrize(
    "name",
    [row.name for row in vdb.exports.formats() if row.name != "atlas"],  # no way back
)
def test_a_collection_without_records_comes_back(db, tmp_path, name):
    dtype = "int8" if name in ("hbin", "i8bin") else "float32"
    docs = fill(db, dtype=dtype, ids="int", fields={"n": "int"})
    place = tmp_path / f"out{vdb.exports.registry.FORMATS[name].suffixes[0]}"
    where = {"n": {"$in": []}}
    try:
        report = docs.export(place, where=where, options={"held_out": 1} if name == "hdf5" else {})
    except ImportError as error:
        pytest.skip(str(error))
    except vdb.InvalidArgumentError as error:
        assert name == "hdf5" and "at least two records with a vector" in str(error)
        return
    assert report.records == 0
    db.import_source(report.files[0], "again")
    info, again = docs.info(), db.collection("again").info()
    assert (again.count, again.dim, again.metric, again.dtype, dict(again.fields)) == (
        0, info.dim, info.metric, info.dtype, {"n": "int"},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["faiss", "hnswlib", "sqlite-vec", "hdf5"])
def test_records_that_are_left_out_are_not_counted(db, tmp_path, name):
    docs = fill(db, bare=(0, 1, 16))
    options = {"missing": "left-out", "ids": "row"}
    if name == "sqlite-vec":
        del options["ids"]
    if name == "hdf5":
        options = {"held_out": 5, "k": 3}
    try:
        report = docs.export(tmp_path / "out", name, options=options)
    except ImportError as error:
        pytest.skip(str(error))
    assert (report.records, report.without_vector) == ((35, 3) if name == "hdf5" else (37, 0))
    db.import_source(report.files[0], "again")
    assert len(db.collection("again")) == report.records


@pytest.mark.parametrize("path", ["..", "a/..", ".", "/"])
def test_a_directory_is_no_name_of_a_file(db, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(vdb.InvalidArgumentError, match="must end with the name of a file"):
        fill(db).export(path)
    assert list(tmp_path.iterdir()) == []


def test_a_uri_is_refused_without_advice_on_databases(db):
    with pytest.raises(vdb.InvalidArgumentError) as raised:
        fill(db).export("s3://bucket/out.npy")
    assert str(raised.value) == "path must be that of a file, got the URI 's3://bucket/out.npy'"


def test_a_path_that_ends_as_a_directory_is_refused(db, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(vdb.InvalidArgumentError, match="must end with the name of a file"):
        fill(db).export(f"{tmp_path}/there/")
    assert [one.name for one in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize(
    ("file_format", "module"), [("npy", None), ("parquet", "pyarrow"), ("lance", "lance")]
)
def test_a_relative_path_with_a_colon_is_a_path(db, tmp_path, monkeypatch, file_format, module):
    if module is not None:
        pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    docs = fill(db)
    docs.export(f"s3:out.{file_format}")
    db.import_source(f"s3:out.{file_format}", "again")
    assert contents(db.collection("again")) == contents(docs)


@pytest.mark.parametrize("file_format", ["npy", "parquet", "arrow"])
@pytest.mark.parametrize("name", ["two\nlines", "a\ttab", "~nobody has this home", "50%?#"])
def test_any_name_that_the_system_takes_is_a_path(db, tmp_path, monkeypatch, file_format, name):
    if file_format != "npy":
        pytest.importorskip("pyarrow")
    monkeypatch.chdir(tmp_path)
    docs = fill(db)
    docs.export(f"{name}.{file_format}")
    db.import_source(f"{name}.{file_format}", "again")
    assert contents(db.collection("again")) == contents(docs)


def test_lance_takes_no_path_with_a_line_end(db, tmp_path):
    pytest.importorskip("lance")
    docs = fill(db)
    with pytest.raises(vdb.InvalidArgumentError, match=r"no path with a line end.*'two\\nlines"):
        docs.export(tmp_path / "two\nlines.lance")
    assert list(tmp_path.iterdir()) == []
    docs.export(tmp_path / "a.lance")
    (tmp_path / "a.lance").rename(tmp_path / "a\tb.lance")
    with pytest.raises(vdb.InvalidArgumentError, match=r"no path with .*'a\\tb.lance'"):
        vdb.sources.open(tmp_path / "a\tb.lance")
