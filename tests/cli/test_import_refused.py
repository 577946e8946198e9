"""What `vdb import` refuses is named by its row, line or file."""

import os
import pickle

import numpy as np
import pytest

from sources.files import fbin
from support.import_command import CREATE, contents


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
def test_a_bad_line_is_named_before_anything_is_written(run, place, files, line, part):
    records = [{"id": f"d{i}"} for i in range(30)]
    records[25] = line
    path = files(records=records)
    ran = run("import", place, "docs", path, *CREATE, "--batch-rows", 10)
    assert ran.failed_with("line 26", part)
    assert run("info", place, "docs").failed_with("no collection")


def test_text_that_is_not_utf8_is_named(run, place, files, tmp_path):
    path = files()
    (tmp_path / "docs.jsonl").write_bytes(b'{"id": "\xff"}\n' * 30)
    assert run("import", place, "docs", path, *CREATE).failed_with("line 1", "UTF-8")


def test_a_bad_vector_is_named_by_its_row_in_the_file(run, place, files, vectors):
    vectors[25, 3] = np.nan
    path = files(array=vectors)
    ran = run("import", place, "docs", path, *CREATE, "--batch-rows", 10)
    assert ran.failed_with(f"{path}: row 25: ", "20 of 30 records are committed")
    assert len(contents(place)) == 20


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
    assert run("import", tmp_path / "no.vdb", "docs", path, *CREATE).failed_with(
        "has no format that is known"
    )
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
        assert ran.failed_with("docs.jsonl: line 26: an empty line")
        assert not (tmp_path / "no.vdb").exists()


def test_a_broken_line_has_one_line_number(run, place, files):
    path = files(records=[{"id": 0}] * 3 + ['{"id": 5'] + [{"id": 0}] * 26)
    ran = run("import", place, "docs", path, *CREATE)
    assert ran.failed_with(
        "docs.jsonl: line 4: is not JSON at character 10: Expecting ',' delimiter"
    )
    assert ran.err.count("line ") == 1


def test_a_name_twice_in_one_object_is_refused(run, place, files):
    for line in ('{"id": "q", "id": "r"}', '{"id": "q", "a": {"b": 1, "b": 2}}'):
        path = files(records=[line] + [{"id": f"d{i}"} for i in range(29)])
        assert run("import", place, "docs", path, *CREATE).failed_with(
            "docs.jsonl: line 1: has the name ", "twice in one object"
        )


@pytest.mark.parametrize(
    ("given", "why"),
    [("x" * 500, "1 to 400 bytes"), ("", "1 to 400 bytes"), (1 << 63, "64-bit integer")],
)
def test_an_id_that_cannot_be_is_named_as_the_field_of_its_line(run, place, files, given, why):
    others = range(29) if isinstance(given, int) else map(str, range(29))
    path = files(records=[{"key": given}, *({"key": other} for other in others)])
    ran = run("import", place, "docs", path, *CREATE, "--ids-from", "key")
    assert ran.failed_with("docs.jsonl: line 1: the id must ", why)


def test_without_records_a_row_is_called_a_row(run, untouched, files):
    path = files(records=None)
    assert run("import", untouched, "numbers", path).failed_with(f"{path}: row 0: ")


def test_an_empty_path_is_refused(run, untouched, files):
    assert run("import", untouched, "notes", "").failed_with("SOURCE", "empty path")
    assert run("import", untouched, "notes", files(), "--records", "").failed_with("empty path")


def test_no_records_takes_no_notice_of_a_file_beside_the_vectors(run, place, files, tmp_path):
    path = files(records=["not even JSON"])
    assert run("import", place, "docs", path, *CREATE, "--no-records").status == 0
    assert sorted(contents(place)) == list(range(30))
    other = ("--no-records", "--records", tmp_path / "docs.jsonl")
    assert run("import", place, "more", path, *CREATE, *other).failed_with("--no-records")


def test_ids_that_look_like_places_are_quoted_as_they_are(run, place, files):
    records = [{"id": f"vectors[{i}]"} for i in range(30)]
    records[29] = {"id": "vectors[28]"}
    ran = run("import", place, "docs", files(records=records), *CREATE)
    assert ran.failed_with("line 30", "line 29", "'vectors[28]' is given twice")


def test_ids_of_two_kinds_are_named_by_their_lines(run, place, files):
    records = [{"id": f"d{i}"} for i in range(30)]
    records[25] = {"id": 25}
    ran = run("import", place, "docs", files(records=records), *CREATE, "--batch-rows", 30)
    assert ran.failed_with("docs.jsonl: line 1: the id is text, and that of line 26 is a number")


def test_a_bad_payload_is_named_by_its_line(run, place, files):
    records = [{"id": i} for i in range(30)]
    records[4]["a"] = [10**30]
    path = files(records=records)
    assert run("import", place, "docs", path, *CREATE).failed_with(
        "docs.jsonl: line 5: payload['a'][0]"
    )


@pytest.mark.parametrize("how", [(), ("--upsert",), ("--resume",)])
@pytest.mark.parametrize("rows", [10, 30])
def test_an_id_twice_in_the_file_is_found_before_anything_is_written(run, place, files, how, rows):
    records = [{"id": f"d{i}"} for i in range(30)]
    records[25] = {"id": "d3"}
    path = files(records=records)
    ran = run("import", place, "docs", path, *CREATE, "--batch-rows", rows, *how)
    assert ran.failed_with("docs.jsonl: line 26: repeats line 4: 'd3' is given twice")
    assert "committed" not in ran.err
    assert run("info", place, "docs").failed_with("no collection")


def test_ids_of_equal_hashes_are_not_taken_for_repeats(run, place, files):
    assert hash(-1) == hash(-2)
    records = [{"id": i} for i in range(-30, 0)]
    ran = run("import", place, "docs", files(records=records), *CREATE, "--batch-rows", 7)
    assert ran.status == 0, ran.err
    assert sorted(contents(place)) == list(range(-30, 0))


def test_a_failure_in_the_middle_says_what_to_do_first(run, place, files, vectors):
    bad = vectors.copy()
    bad[25] = np.nan
    ran = run("import", place, "docs", files(array=bad), *CREATE, "--batch-rows", 10)
    assert ran.failed_with(
        "docs.npy: row 25: ",
        "20 of 30 records are committed; once the file is corrected, the same command "
        "with --resume goes on",
    )  # fmt: skip


def test_a_collection_that_is_there_points_to_both_ways_on(run, untouched, files):
    ran = run("import", untouched, "notes", files(), *CREATE)
    assert ran.failed_with("leave out --create to add to it", "--resume too")


@pytest.mark.parametrize("name", ["docs.npz", "docs.csv", "docs.txt"])
def test_a_file_of_another_kind_says_what_is_read(run, tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 whatever")
    ran = run("import", tmp_path / "no.vdb", "docs", tmp_path / name, *CREATE)
    reason = "not a zip file" if name == "docs.npz" else "npy, parquet"
    assert ran.failed_with(name, reason)
    assert not (tmp_path / "no.vdb").exists()


@pytest.mark.parametrize(
    "option",
    [
        ("--scores", "nonsense"),
        ("--M", 1),
        ("--field", "n:words"),
        ("--dtype", "x"),
    ],
)
@pytest.mark.parametrize("create", [("--create",), ()])
def test_a_schema_that_cannot_be_leaves_no_database(run, tmp_path, vectors, option, create):
    file = fbin(tmp_path / "a.fbin", vectors)
    ran = run("import", tmp_path / "no.vdb", "docs", file, "--metric", "l2", *create, *option)
    assert ran.failed_with(), ran
    assert not (tmp_path / "no.vdb").exists()
