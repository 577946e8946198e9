"""`vdb import` reads files of any length part by part, beside what is there already."""

import json

import numpy as np
import pytest

from support.import_command import CREATE, contents
from vdb.api.collection import Collection


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
    real = Collection.add

    def add(collection, ids, *more, **options):
        seen.append(len(ids))
        return real(collection, ids, *more, **options)

    monkeypatch.setattr(Collection, "add", add)
    assert run("create", place, "docs", "--dim", 8, "--metric", "l2").status == 0
    ran = run("import", place, "docs", files(), "--batch-rows", 8, "--resume")
    assert ran.status == 0, ran.err
    assert seen == [8, 8, 8, 6]
    assert len(contents(place)) == 30


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


def test_rows_of_an_own_file_can_be_left_out_if_that_is_said(run, place, files, vectors):
    vectors[3] = 0
    path = files(array=vectors, records=None)
    ran = run("import", place, "docs", path, *CREATE, "--no-strict", "--json")
    assert (ran.status, ran.json["rows"], ran.json["added"]) == (2, 30, 29)
    assert ran.json["refusals"][0][0] == "row 3"
    ran = run("import", place, "docs", path, "--resume")
    assert ran.failed_with("docs.npy: row 3: the vector ")


def test_other_formats_take_the_general_options(run, place, tmp_path, vectors):
    lines = [{"key": f"k{i}", "vector": one.tolist(), "n": i} for i, one in enumerate(vectors)]
    lines[7]["vector"] = None
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    options = ("--metric", "l2", "--ids-from", "key", "--optional-vectors")
    ran = run("import", place, "docs", path, *options, "--memory-limit", "20MiB")
    assert ran.status == 0, ran.err
    stored = contents(place)
    assert len(stored) == 30 and stored["k7"].vector is None and stored["k8"].payload == {"n": 8}
    for option in (("--no-records",), ("--records", path)):
        ran = run("import", place, "more", path, *options, *option)
        assert ran.failed_with(option[0], "goes with .npy")
    ran = run("import", place, "more", path, "--ids-from", "key", "-o", "id=key")
    assert ran.failed_with("--ids-from and -o id= say the same")


def test_a_file_that_is_stored_as_other_numbers_is_float32_if_nothing_is_said(run, place, files):
    path = files(array=np.arange(16).reshape(2, 8).astype(np.int8), records=None)
    assert run("import", place, "docs", path, "--create", "--metric", "l2").status == 0
    assert run("info", place, "docs", "--json").json["dtype"] == "float32"
