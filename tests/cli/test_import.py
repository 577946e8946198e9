"""`vdb import` reads files of any length part by part, and loses nothing that was committed."""

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from vdb import database
from vdb.cli.places import placed
from vdb.cli.source import Part, Source
from vdb.collection import Collection
from vdb.errors import InvalidVectorError, VdbError

CREATE = ("--create", "--metric", "cosine")


@pytest.fixture
def files(tmp_path, vectors):
    """Writes ``name``.npy and, unless ``records`` is None, ``name``.jsonl; returns the first."""

    def write(name="docs", array=vectors, records=()):
        np.save(tmp_path / f"{name}.npy", array)
        if records == ():
            records = [{"id": f"d{i}", "text": f"text {i}", "n": i} for i in range(len(array))]
        if records is not None:
            lines = [text if isinstance(text, str) else json.dumps(text) for text in records]
            path = tmp_path / f"{name}.jsonl"
            path.write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")
        return tmp_path / f"{name}.npy"

    return write


def contents(path, name="docs"):
    with database.open(path, read_only=True) as db:
        return {record.id: record for record in db.collection(name).scan()}


def test_vectors_ids_and_payloads_arrive_as_they_are(run, place, files, vectors):
    ran = run("import", place, "docs", files(), *CREATE)
    assert (ran.status, ran.err) == (0, "")
    assert "30 records added" in ran.out
    stored = contents(place)
    assert len(stored) == 30
    for i, vector in enumerate(vectors):
        assert stored[f"d{i}"].payload == {"text": f"text {i}", "n": i}
        assert np.array_equal(stored[f"d{i}"].vector, vector)


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4", "i2"])
def test_every_width_of_number_is_taken(run, place, files, vectors, dtype):
    array = (vectors * 10).astype(dtype)
    assert run("import", place, "docs", files(array=array), *CREATE).status == 0
    assert np.array_equal(contents(place)["d3"].vector, array[3].astype(np.float32))


def test_rows_in_the_order_of_fortran_are_the_same_rows(run, place, files, vectors):
    array = np.asfortranarray(vectors)
    assert run("import", place, "docs", files(array=array), *CREATE).status == 0
    assert np.array_equal(contents(place)["d7"].vector, vectors[7])


def test_without_records_the_ids_are_row_numbers(run, place, files):
    assert run("import", place, "docs", files(records=None), *CREATE).status == 0
    stored = contents(place)
    assert sorted(stored) == list(range(30))
    assert stored[0].payload is None


def test_records_may_have_another_name_and_another_id(run, place, files, tmp_path):
    path = files("v", records=None)
    other = tmp_path / "other.jsonl"
    other.write_text("".join(f'{{"key": {i + 5}}}\n' for i in range(30)))
    ran = run("import", place, "docs", path, "--records", other, "--ids-from", "key", *CREATE)
    assert ran.status == 0, ran.err
    assert sorted(contents(place)) == list(range(5, 35))


def test_records_beside_a_name_with_a_dtype_in_it_are_found(run, place, files, tmp_path):
    files("docs.f16").with_suffix(".jsonl").rename(tmp_path / "docs.jsonl")
    assert run("import", place, "docs", tmp_path / "docs.f16.npy", *CREATE).status == 0
    assert "d0" in contents(place)


def test_a_field_payload_alone_is_the_whole_payload(run, place, files, vectors):
    records = [{"id": 1, "payload": [1, "a"]}, {"id": 2}, {"id": 3, "payload": None, "x": 1}]
    path = files(array=vectors[:3], records=records)
    assert run("import", place, "docs", path, *CREATE).status == 0
    stored = contents(place)
    assert [stored[i].payload for i in (1, 2, 3)] == [[1, "a"], None, {"payload": None, "x": 1}]


def test_only_parts_are_read_and_committed(run, place, files, monkeypatch):
    seen = []
    real = Part.without
    monkeypatch.setattr(
        Part, "without", lambda part, known: seen.append(len(part.ids)) or real(part, known)
    )
    assert run("create", place, "docs", "--dim", 8, "--metric", "l2").status == 0
    ran = run("import", place, "docs", files(), "--batch-rows", 8, "--resume")
    assert ran.status == 0, ran.err
    assert seen == [8, 8, 8, 6]
    assert len(contents(place)) == 30


@pytest.mark.parametrize(("dim", "rows"), [(1, 10_000), (384, 10_000), (16_000, 1048)])
def test_a_part_is_ten_thousand_rows_or_64_megabytes(dim, rows):
    vectors = np.broadcast_to(np.float16(0), (10**6, dim))
    assert Source("v.npy", vectors, None, "id").part_rows == rows


def test_the_result_as_json(run, place, files):
    report = run("import", place, "docs", files(), *CREATE, "--json").json
    assert report["seconds"] > 0
    assert {key: report[key] for key in ("collection", "rows", "added", "skipped")} == {
        "collection": "docs", "rows": 30, "added": 30, "skipped": 0,
    }  # fmt: skip


def test_no_rows_are_no_error(run, place, files):
    empty = files(array=np.zeros((0, 5), np.float32))
    ran = run("import", place, "docs", empty, *CREATE)
    assert ran.status == 0, ran.err
    assert contents(place) == {}


# What is there already


def test_ids_that_are_there_are_refused_and_nothing_changes(run, untouched, files):
    path = files(records=[{"id": f"note-{i}"} for i in range(30)])
    assert run("import", untouched, "notes", path).failed_with("note-0")


def test_upsert_replaces(run, filled, files, vectors):
    path = files(array=vectors[::-1], records=[{"id": f"note-{i}", "new": 1} for i in range(30)])
    ran = run("import", filled, "notes", path, "--upsert")
    assert ran.status == 0, ran.err
    stored = contents(filled, "notes")
    assert len(stored) == 30
    assert stored["note-0"].payload == {"new": 1}
    assert np.array_equal(stored["note-0"].vector, vectors[29])


def test_resume_adds_what_is_missing(run, place, files, vectors):
    first = files("first", array=vectors[:12])
    assert run("import", place, "docs", first, *CREATE).status == 0
    ran = run("import", place, "docs", files(), *CREATE, "--resume", "--batch-rows", 10)
    assert ran.status == 0, ran.err
    assert "18 records added, 12 were there already" in ran.out
    assert len(contents(place)) == 30


def test_upsert_and_resume_exclude_each_other(run, untouched, files):
    assert run("import", untouched, "notes", files(), "--upsert", "--resume").failed_with(
        "--resume"
    )


def test_create_refuses_a_collection_that_is_there(run, untouched, files):
    assert run("import", untouched, "notes", files(), *CREATE).failed_with("notes")


def test_without_create_a_missing_collection_is_an_error(run, untouched, files):
    assert run("import", untouched, "docs", files()).failed_with("docs", "--create")


def test_another_metric_is_an_error(run, untouched, files):
    assert run("import", untouched, "notes", files(), "--metric", "l2").failed_with("l2", "cosine")


# What does not fit


def test_another_dimension_is_refused_before_anything_is_written(run, untouched, files, vectors):
    path = files(array=vectors[:, :5])
    assert run("import", untouched, "notes", path).failed_with("5", "8")


@pytest.mark.parametrize(
    ("lines", "parts"),
    [(29, ("29 lines", "30 rows", "row 29")), (31, ("31 lines", "30 rows", "line 31"))],
)
def test_files_of_different_lengths_are_refused_first(run, tmp_path, files, lines, parts):
    path = files(records=[{"id": i} for i in range(lines)])
    assert run("import", tmp_path / "no.vdb", "docs", path, *CREATE).failed_with(*parts)
    assert not (tmp_path / "no.vdb").exists()


def test_empty_lines_at_the_end_do_not_count(run, place, files):
    path = files(records=[*({"id": i} for i in range(30)), "", "  "])
    assert run("import", place, "docs", path, *CREATE).status == 0


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("{", "not JSON"),
        ("[1]", "object"),
        ("null", "null"),
        ('{"text": "no id"}', "'id'"),
        ('{"id": 1.5}', "1.5"),
        ('{"id": true}', "true"),
        ('{"id": "x", "n": NaN}', "NaN"),
        ('{"id": "x", "n": ' + "9" * 5000 + "}", "too many digits"),
        ('{"id": "x", "n": ' + "[" * 200_000, "nested too deeply"),
    ],
    ids=lambda text: text[:20],
)
def test_a_bad_line_is_named_and_what_came_before_it_stays(run, place, files, line, part):
    records = [{"id": f"d{i}"} for i in range(30)]
    records[25] = line
    path = files(records=records)
    ran = run("import", place, "docs", path, *CREATE, "--batch-rows", 10)
    assert ran.failed_with("line 26", part, "20 of 30 rows are committed", "--resume")
    assert len(contents(place)) == 20


def test_text_that_is_not_utf8_is_named(run, place, files, tmp_path):
    path = files()
    (tmp_path / "docs.jsonl").write_bytes(b'{"id": "\xff"}\n' * 30)
    assert run("import", place, "docs", path, *CREATE).failed_with("line 1", "UTF-8")


def test_a_bad_vector_is_named_by_its_row_in_the_file(run, place, files, vectors):
    vectors[25, 3] = np.nan
    path = files(array=vectors)
    ran = run("import", place, "docs", path, *CREATE, "--batch-rows", 10)
    assert ran.failed_with(f"row 25 of {path}", "20 of 30 rows are committed")
    assert len(contents(place)) == 20


def test_an_id_given_twice_is_named_by_its_line(run, place, files):
    records = [{"id": f"d{i}"} for i in range(30)]
    records[25] = {"id": "d24"}
    ran = run("import", place, "docs", files(records=records), *CREATE, "--batch-rows", 10)
    assert ran.failed_with("line 26", "line 25", "d24", "20 of 30")


def test_a_pickle_is_never_loaded(run, tmp_path, files):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    array = np.empty((30, 8), object)
    array[:] = [[Trap()] * 8] * 30
    path = files(records=None)
    np.save(path, array, allow_pickle=True)
    assert run("import", tmp_path / "no.vdb", "docs", path, *CREATE).failed_with("docs.npy")
    path.write_bytes(pickle.dumps(Trap()))
    assert run("import", tmp_path / "no.vdb", "docs", path, *CREATE).failed_with("not a .npy file")
    assert not (tmp_path / "sprung").exists()


def test_files_of_other_kinds_are_one_line(run, tmp_path, files, vectors):
    path = files(records=None)
    whole = path.read_bytes()
    for broken in (b"", b"\x93NUMPY", whole[:60], whole[:-1], b"\x93NUMPY\x01\x00\xff\xffx"):
        path.write_bytes(broken)
        assert run("import", tmp_path / "no.vdb", "docs", path, *CREATE).failed_with("docs.npy")
    for array in (vectors[0], vectors[None], vectors > 0, vectors + 1j, vectors.astype("S4")):
        np.save(path, array)
        assert run("import", tmp_path / "no.vdb", "docs", path, *CREATE).failed_with("docs.npy")
    assert run("import", tmp_path / "no.vdb", "docs", tmp_path, *CREATE).failed_with()
    assert not (tmp_path / "no.vdb").exists()


@pytest.mark.parametrize("size", [6, 60, -1])
def test_a_truncated_array_is_said_to_be_cut_short(run, tmp_path, files, size):
    path = files(records=None)
    path.write_bytes(path.read_bytes()[:size])
    assert run("import", tmp_path / "no.vdb", "docs", path, *CREATE).failed_with("is cut short")


def test_an_empty_line_in_the_middle_is_named_before_anything_is_written(run, tmp_path, files):
    records = [{"id": i} for i in range(30)]
    for lines in ([*records[:25], "", *records[25:]], [*records[:25], "", *records[26:]]):
        path = files(records=lines)
        ran = run("import", tmp_path / "no.vdb", "docs", path, *CREATE)
        assert ran.failed_with("docs.jsonl, line 26: an empty line")
        assert not (tmp_path / "no.vdb").exists()


def test_a_broken_line_has_one_line_number(run, place, files):
    path = files(records=[{"id": 0}] * 3 + ['{"id": 5'] + [{"id": 0}] * 26)
    ran = run("import", place, "docs", path, *CREATE)
    assert ran.failed_with("docs.jsonl, line 4: not JSON: Expecting ',' delimiter, at column 10")
    assert ran.err.count("line ") == 1


def test_without_records_a_row_is_called_a_row(run, untouched, files):
    path = files(records=None)
    assert run("import", untouched, "numbers", path).failed_with(f"row 0 of {path}: ")


def test_an_empty_path_is_refused(run, untouched, files):
    assert run("import", untouched, "notes", "").failed_with("VECTORS.npy", "empty path")
    assert run("import", untouched, "notes", files(), "--records", "").failed_with("empty path")


def test_no_records_takes_no_notice_of_a_file_beside_the_vectors(run, place, files, tmp_path):
    path = files(records=["not even JSON"])
    assert run("import", place, "docs", path, *CREATE, "--no-records").status == 0
    assert sorted(contents(place)) == list(range(30))
    other = ("--no-records", "--records", tmp_path / "docs.jsonl")
    assert run("import", place, "more", path, *CREATE, *other).failed_with("--no-records")


# Where an error lies


def test_ids_that_look_like_places_are_quoted_as_they_are(run, place, files):
    records = [{"id": f"vectors[{i}]"} for i in range(30)]
    records[29] = {"id": "vectors[28]"}
    ran = run("import", place, "docs", files(records=records), *CREATE)
    assert ran.failed_with("line 30", "line 29", "'vectors[28]' is given twice")


def test_ids_of_two_kinds_are_named_by_their_lines(run, place, files):
    records = [{"id": f"d{i}"} for i in range(30)]
    records[25] = {"id": 25}
    ran = run("import", place, "docs", files(records=records), *CREATE, "--batch-rows", 30)
    assert ran.failed_with("line 1 of", "has text", "line 26 of", "a number")


def test_a_bad_payload_is_named_by_its_line(run, place, files):
    records = [{"id": i} for i in range(30)]
    records[4]["a"] = [10**30]
    path = files(records=records)
    assert run("import", place, "docs", path, *CREATE).failed_with("line 5 of", "payload['a'][0]")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (VdbError("vectors[99] is odd"), "vectors[99] is odd"),
        (VdbError("ids[1] repeats ids[99]: 'a'"), "ids[1] repeats ids[99]: 'a'"),
        (VdbError(f"ids[{'9' * 5000}]: long"), f"ids[{'9' * 5000}]: long"),
        (VdbError("ids[1]: ids[0]"), "line 12 of v.jsonl: ids[0]"),
        (InvalidVectorError("vectors[0] is odd", row=1), "row 11 of v.npy is odd"),
        (InvalidVectorError("vectors[0] is odd", row=7), "vectors[0] is odd"),
        (VdbError("something about ids[1]"), "something about ids[1]"),
    ],
)
def test_a_place_outside_the_part_leaves_the_message_as_it_is(error, text):
    vectors = np.zeros((20, 2), np.float32)
    source = Source(Path("v.npy"), vectors, Path("v.jsonl"), "id")
    part = Part(range(10, 12), ["a", "b"], vectors[10:12], None)
    assert placed(error, source, part) == text


# What a failure leaves


@pytest.mark.parametrize("wrong", ["vector", "threads", "line"])
def test_the_corrected_command_works_after_a_failed_first_import(run, place, files, vectors, wrong):
    good = files("good")
    bad = vectors.copy()
    bad[3] = np.nan
    records = [{"id": f"d{i}"} for i in range(30)]
    path = files("bad", array=bad) if wrong == "vector" else good
    if wrong == "line":
        path = files("bad", records=[*records[:8], "{", *records[9:]])
    options = ("--threads", 0) if wrong == "threads" else ()
    assert run("import", place, "docs", path, *CREATE, *options).failed_with()
    assert wrong != "threads" or not place.exists()
    assert run("import", place, "docs", good, *CREATE).status == 0
    assert len(contents(place)) == 30


def test_ctrl_c_in_the_first_part_leaves_no_collection(run, place, files, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Collection, "add", interrupted)
    path = files()
    ran = run("import", place, "docs", path, *CREATE)
    assert ran.status == 130
    assert "0 of 30 rows are committed" in ran.err
    monkeypatch.undo()
    assert run("info", place, "docs").failed_with("docs")
    assert run("import", place, "docs", path, *CREATE, "--resume").status == 0


@pytest.mark.parametrize("how", [("--upsert",), ("--resume",), (), (*CREATE, "--resume")])
@pytest.mark.parametrize(
    "option",
    [
        ("--index", "flat"), ("--M", 8), ("--ef-construction", 50), ("--model", "another"),
        ("--scores", "distance"), ("--metric", "l2"),
    ],
)  # fmt: skip
def test_an_option_that_differs_from_the_collection_is_refused(run, untouched, files, how, option):
    ran = run("import", untouched, "notes", files(), *how, *option)
    assert ran.failed_with(str(option[1]), "" if option[0] == "--scores" else "notes")


def test_options_that_agree_with_the_collection_are_taken(run, place, files):
    agree = ("--index", "hnsw", "--M", 8, "--ef-construction", 50, "--model", "m")
    for how in ((), ("--resume",), ("--upsert",)):
        ran = run("import", place, "docs", files(), *CREATE, *agree, *how)
        assert ran.status == 0, ran.err
    assert len(contents(place)) == 30


# Interruption


def test_ctrl_c_keeps_what_was_committed_and_says_how_to_go_on(run, place, files, monkeypatch):
    parts = iter(range(10))
    real = Source.parts

    def interrupted(source, rows):
        for part in real(source, rows):
            if next(parts) == 2:
                raise KeyboardInterrupt
            yield part

    monkeypatch.setattr(Source, "parts", interrupted)
    path = files()
    ran = run("import", place, "docs", path, *CREATE, "--batch-rows", 10)
    assert (ran.status, ran.out) == (130, "")
    assert "20 of 30 rows are committed" in ran.err
    assert "--resume" in ran.err
    monkeypatch.undo()
    assert run("import", place, "docs", path, *CREATE, "--resume").status == 0
    assert len(contents(place)) == 30


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for one child there")
def test_a_real_ctrl_c_in_the_middle_of_building(place, files):
    array = np.random.default_rng(3).normal(size=(20_000, 64)).astype(np.float32)
    path = files(array=array, records=None)
    command = [sys.executable, "-m", "vdb", "import", str(place), "docs", str(path), *CREATE]
    with subprocess.Popen(
        [*command, "--batch-rows", "500"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.05)
            if (place / "data.mdb").exists() and (place / "data.mdb").stat().st_size > 1 << 20:
                break
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 130, (out, err)
    assert out == ""
    assert "of 20,000 rows are committed" in err
    assert err.count("\n") == 1
    with database.open(place, read_only=True) as db:
        kept = len(db.collection("docs"))
    assert kept % 500 == 0
    assert 0 < kept < 20_000
    assert f"{kept:,} of 20,000" in err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_a_terminal_sees_a_bar_with_rate_and_time_left(place, files):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "vdb", "import", str(place), "docs", str(files()), *CREATE]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [*command, "--batch-rows", "10"], stdout=subprocess.PIPE, stderr=theirs, env=environment
    ) as child:
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # what a pseudo-terminal says at its end on Linux
            while some := os.read(ours, 4096):
                seen += some
        os.close(ours)
        assert child.stdout.read().startswith(b"docs: 30 records added")
    assert child.returncode == 0
    for part in (b"importing into docs", b"30/30", b"/s", b"left"):
        assert part in seen
