"""`vdb calibrate` prints a threshold with its interval, or converts exactly."""

import json

import numpy as np
import pytest


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
