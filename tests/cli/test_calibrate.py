"""`vdb calibrate` prints a threshold with its interval, or converts exactly."""

import json

import numpy as np
import pytest

import vdb


@pytest.fixture
def asked(tmp_path, vectors):
    np.save(tmp_path / "asked.npy", vectors[:6])
    lines = [json.dumps({"query": f"what of {i}?", "relevant": [f"note-{i}"]}) for i in range(6)]
    (tmp_path / "asked.jsonl").write_text("\n".join(lines))
    return tmp_path / "asked.npy"


def test_a_measured_threshold(run, untouched, asked):
    options = ("--threshold", "0.5", "--to-metric", "ip")
    ran = run("calibrate", untouched, "notes", asked, *options)
    assert ran.status == 0, ran.err
    assert ran.out.startswith("cosine native 0.5 -> ip native ")
    assert "in both" in ran.out
    found = run("calibrate", untouched, "notes", asked, *options, "--json").json
    assert found["hits"] == found["to_hits"]
    assert found["precision"] > 0


def test_a_negative_threshold_is_no_option(run, untouched, asked):
    options = ("--threshold", "-0.1", "--to-metric", "l2", "--keep", "precision")
    assert run("calibrate", untouched, "notes", asked, *options).status == 0


def test_within_one_metric_no_queries_are_needed(run, untouched):
    options = ("--threshold", "0.5", "--to-scores", "lucene")
    ran = run("calibrate", untouched, "notes", *options)
    assert ran.out.startswith("cosine native 0.5 -> cosine lucene 0.75 (exact)")
    assert run("calibrate", untouched, "notes", *options, "--json").json["exact"] is True


def test_a_page(run, untouched, asked, tmp_path):
    page = tmp_path / "threshold.html"
    options = ("--threshold", "0.5", "--to-metric", "ip", "--html", page)
    ran = run("calibrate", untouched, "notes", asked, *options)
    assert ran.out == f"{page}: the threshold as a page\n"
    assert "ip native" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--threshold", "0.5", "--to-metric", "ip"], "queries are needed"),
        (["--threshold", "0.5", "--labels", "x.jsonl"], "--labels belong to queries"),
        (["--threshold", "0.5", "--to-scores", "nobody"], "--to-scores"),
        (["--threshold", "0.5", "--keep", "recall"], "--keep"),
        (["--to-metric", "ip"], "--threshold"),
    ],
)
def test_what_cannot_be_meant_is_refused(run, untouched, options, part):
    assert run("calibrate", untouched, "notes", *options).failed_with(part)


def test_a_threshold_of_a_fusion(run, place, vectors):
    with vdb.open(place) as db:
        fields = {"body": vdb.Text()}
        docs = db.create_collection("texts", dim=8, metric="l2", fields=fields)
        docs.add(range(30), vectors, [{"body": f"word{i % 7} tea"} for i in range(30)])
    asked = place.parent / "asked.npy"
    np.save(asked, vectors[:6])
    lines = [{"query": f"word{i}", "relevant": [i]} for i in range(6)]
    asked.with_suffix(".jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    query = ("calibrate", place, "texts", asked, "--threshold", 0.03)
    ran = run(*query, "--fusion", "native", "--to-fusion", "chroma", "--show", "body")
    assert ran.status == 0, ran.err
    assert "l2 native 0.03 -> l2 chroma -0.03" in ran.out
    page = place.parent / "line.html"
    both = ("--fusion", "native", "--to-fusion", "qdrant-rrf")
    assert run(*query, *both, "--html", page).status == 0
    assert "qdrant-rrf" in page.read_text(encoding="utf-8")
    assert run(*query, *both, "--json").json["to_scores"] == "qdrant-rrf"
    assert run(*query, "--fusion", "native").failed_with("go together")
    assert run(*query, "--field", "body", "--to-metric", "ip").failed_with("--field")
    assert run(*query, *both, "--metric", "ip").failed_with("--fusion and --metric")
    assert run(*query[:3], *query[4:], *both).failed_with("queries are needed")
