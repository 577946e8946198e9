"""`vdb compare` reads labels from a file and says which metric retrieves best."""

import json

import numpy as np
import pytest

import vdb


@pytest.fixture
def asked(tmp_path, vectors):
    """Queries whose cosine neighbours are labelled, with their labels beside them."""
    np.save(tmp_path / "asked.npy", vectors[:6] * 3)
    lines = [{"query": f"what of {i}?", "relevant": [f"note-{i}"]} for i in range(6)]
    write(tmp_path / "asked.jsonl", lines)
    return tmp_path / "asked.npy"


def write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_tables_and_findings(run, untouched, asked):
    ran = run("compare", untouched, "notes", asked, "-k", 3)
    assert ran.status == 0, ran.err
    assert "nDCG@3" in ran.out
    assert "l2 / cosine" in ran.out
    assert "what of" in ran.out
    assert "6 labelled queries" in ran.out


def test_json_holds_everything(run, untouched, asked):
    found = run("compare", untouched, "notes", asked, "--metrics", "ip, cosine", "--json").json
    assert found["metrics"] == ["ip", "cosine"]
    assert found["labelled"] == 6
    assert found["quality"][1]["mrr"]["value"] == 1
    assert len(found["agreements"]) == 1


def test_without_labels_there_is_agreement_only(run, untouched, asked):
    (asked.parent / "asked.jsonl").unlink()
    ran = run("compare", untouched, "notes", asked)
    assert ran.status == 0, ran.err
    assert "nDCG" not in ran.out.split("\n", 1)[0]
    assert "Without labels" in ran.out


def test_labels_may_count_the_rows_of_the_import(run, untouched, asked, tmp_path):
    rows = write(tmp_path / "rows.jsonl", [{"id": f"note-{i}"} for i in range(30)])
    labels = write(tmp_path / "labels.jsonl", [{"relevant": [i]} for i in range(6)])
    options = ("--labels", labels, "--rows-of", rows, "--json")
    found = run("compare", untouched, "notes", asked, *options).json
    assert found["labelled"] == 6
    assert found["quality"][2]["mrr"]["value"] == 1
    ran = run("compare", untouched, "notes", asked, "--labels", labels)
    assert ran.failed_with("--rows-of")


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ({"relevant": "note-1"}, "list of ids"),
        ({"relevant": [1.5]}, "no id"),
        ({"relevant": [True]}, "no id"),
        ({"relevant": {"note-1": -1}}, "grades are numbers from 0"),
        ({"relevant": {"note-1": "3"}}, "grades are numbers from 0"),
        ({"relevant": [["note-1", 1], [None, 2]]}, "no id"),
        ([1], "a JSON object"),
    ],
)
def test_a_bad_line_is_named(run, untouched, asked, line, part):
    write(asked.parent / "asked.jsonl", [{}, line])
    assert run("compare", untouched, "notes", asked).failed_with(part, "line 2")


def test_row_numbers_out_of_range_are_refused(run, untouched, asked, tmp_path):
    rows = write(tmp_path / "rows.jsonl", [{"id": "note-1"}])
    labels = write(tmp_path / "labels.jsonl", [{"relevant": [1]}] * 6)
    ran = run("compare", untouched, "notes", asked, "--labels", labels, "--rows-of", rows)
    assert ran.failed_with("rows go from 0 to 0")


def test_lengths_that_differ_are_refused(run, untouched, asked):
    write(asked.parent / "asked.jsonl", [{}])
    assert run("compare", untouched, "notes", asked).failed_with("1 lines", "6 rows")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--metrics", "l2"], "--metrics"),
        (["--metrics", "l2,nobody"], "nobody"),
        (["-k", "0"], "-k"),
        (["--labels", "nowhere.jsonl"], "nowhere.jsonl"),
    ],
)
def test_what_cannot_be_meant_is_refused(run, untouched, asked, options, part):
    assert run("compare", untouched, "notes", asked, *options).failed_with(part)


def test_a_page_is_written_whole(run, untouched, asked, tmp_path):
    page = tmp_path / "page.html"
    ran = run("compare", untouched, "notes", asked, "--html", page)
    assert (ran.status, ran.out.count("\n")) == (0, 1), ran.err
    assert page.read_text(encoding="utf-8").endswith("</html>\n")
    assert run("compare", untouched, "notes", asked, "--html", page, "--json").json["k"] == 10
    assert run("compare", untouched, "notes", asked, "--html", tmp_path).failed_with("directory")
    nowhere = tmp_path / "no" / "page.html"
    assert run("compare", untouched, "notes", asked, "--html", nowhere).failed_with("no")
    assert [path.name for path in tmp_path.glob(".page*")] == []


def test_grades_are_read_from_objects_and_from_pairs(run, untouched, asked, tmp_path):
    graded = [{"relevant": {f"note-{i}": 2, f"note-{i + 6}": 1}} for i in range(6)]
    first = write(tmp_path / "graded.jsonl", graded)
    rows = write(tmp_path / "rows.jsonl", [{"id": f"note-{i}"} for i in range(30)])
    pairs = write(tmp_path / "pairs.jsonl", [{"relevant": [[i, 2], [i + 6, 1]]} for i in range(6)])
    by_id = run("compare", untouched, "notes", asked, "--labels", first, "--json").json
    options = ("--labels", pairs, "--rows-of", rows, "--json")
    assert run("compare", untouched, "notes", asked, *options).json["quality"] == by_id["quality"]
    plain = run("compare", untouched, "notes", asked, "--json").json
    assert plain["quality"][0]["ndcg"] != by_id["quality"][0]["ndcg"]


def test_two_collections_are_compared(run, untouched, asked, vectors, tmp_path):
    other = tmp_path / "other.vdb"
    with vdb.open(other) as db:
        half = db.create_collection("half", dim=vectors.shape[1] // 2, metric="ip", model="half")
        half.add([f"note-{i}" for i in range(30)], vectors[:30, ::2])
    np.save(tmp_path / "half.npy", vectors[:6, ::2] * 3)
    options = ("--against", "half", "--against-directory", other)
    options += ("--against-queries", tmp_path / "half.npy")
    ran = run("compare", untouched, "notes", asked, *options, "-k", 3)
    assert ran.status == 0, ran.err
    assert "nDCG@3" in ran.out
    assert "notes / half" in ran.out
    assert "what of" in ran.out
    report = run("compare", untouched, "notes", asked, *options, "--json").json
    assert [side["model"] for side in report["sides"]] == [None, "half"]
    assert report["labelled"] == 6
    page = tmp_path / "page.html"
    ran = run("compare", untouched, "notes", asked, *options, "--html", page)
    assert (ran.status, ran.out.count("\n")) == (0, 1), ran.err
    assert page.read_text(encoding="utf-8").endswith("</html>\n")


def test_a_collection_is_compared_with_its_like_without_more_queries(run, untouched, asked):
    report = run("compare", untouched, "notes", asked, "--against", "notes", "--json").json
    assert report["agreements"][0]["overlap"]["value"] == 1
    ran = run("compare", untouched, "notes", asked, "--against-queries", asked)
    assert ran.failed_with("--against")
    assert run("compare", untouched, "notes", asked, "--against", "none").failed_with("none")


def test_two_generations_are_compared(run, filled, asked):
    assert run("compare", filled, "notes", asked, "--previous").failed_with("--keep-previous")
    assert run("rebuild", filled, "notes", "--metric", "cosine", "--keep-previous").status == 0
    report = run("compare", filled, "notes", asked, "--previous", "--json").json
    assert [side["name"] for side in report["sides"]] == ["previous", "present"]
    assert "present" in run("compare", filled, "notes", asked, "--previous").out
    both = ("--previous", "--against", "notes")
    assert run("compare", filled, "notes", asked, *both).failed_with("--against")


# Fusions


@pytest.fixture
def texts(place, vectors):
    """A collection with a text field, and labelled queries by words and by vector."""
    lines = [{"query": f"word{i}", "relevant": [i, i + 6]} for i in range(6)]
    with vdb.open(place) as db:
        fields = {"body": vdb.Text()}
        docs = db.create_collection("texts", dim=8, metric="l2", fields=fields)
        docs.add(range(30), vectors, [{"body": f"word{i % 7} tea"} for i in range(30)])
    np.save(place.parent / "asked.npy", vectors[:6])
    write(place.parent / "asked.jsonl", lines)
    return place, "texts", place.parent / "asked.npy"


def test_fusions_are_compared_with_both_lists(run, texts, tmp_path):
    options = ("--fusions", "native, qdrant-rrf", "-k", 3, "--show", "body")
    ran = run("compare", *texts, *options)
    assert ran.status == 0, ran.err
    for part in ("nDCG@3", "over either list alone", "vector / native", "qdrant-rrf", "word"):
        assert part in ran.out
    report = run("compare", *texts, *options, "--json").json
    assert [row["name"] for row in report["rankings"]] == ["text", "vector", "native", "qdrant-rrf"]
    assert report["labelled"] == 6 and len(report["gains"]) == 4
    page = tmp_path / "page.html"
    assert run("compare", *texts, *options, "--html", page).status == 0
    assert "qdrant-rrf" in page.read_text(encoding="utf-8")


def test_fusions_need_texts_and_go_with_no_other_comparison(run, texts):
    fusions = ("--fusions", "native")
    assert run("compare", *texts, *fusions, "--previous").failed_with("two comparisons")
    assert run("compare", *texts, "--field", "body").failed_with("go with --fusions")
    assert run("compare", *texts, "--no-tune").failed_with("go with --fusions")
    assert run("compare", *texts, *fusions, "--field", "title").failed_with("title")
    write(texts[2].with_suffix(".jsonl"), [{"relevant": [i]} for i in range(6)])
    assert run("compare", *texts, *fusions).failed_with("query 0 has no")
