"""`vdb tune` stores an ef; with --dry-run it only measures."""

import numpy as np
import pytest

from sources.files import fbin, fvecs


def test_a_curve_is_shown_and_searches_can_use_it(run, filled):
    ran = run("tune", filled, "notes", "-k", 3)
    assert ran.status == 0, ran.err
    assert "<- default" in ran.out
    options = ("--id", "note-1", "-k", 3, "--target-recall", 0.9, "--json")
    assert len(run("search", filled, "notes", *options).json["hits"]) == 3
    assert "ef" in run("info", filled, "notes", "--json").json["tuning"]


def test_json_holds_the_curve(run, filled, tmp_path, vectors):
    np.save(tmp_path / "q.npy", vectors[:4])
    found = run("tune", filled, "notes", "--queries", tmp_path / "q.npy", "--json").json
    assert (found["source"], found["queries"], found["k"]) == ("given", 4, 10)
    assert found["curve"][0]["recall"]["value"] <= 1


def test_a_dry_run_measures_and_writes_nothing(run, untouched):
    ran = run("tune", untouched, "notes", "--dry-run", "--ef", 20, "-k", 5)
    assert ran.status == 0, ran.err
    assert "recall@5 1.000" in ran.out
    assert "ef=20" in ran.out


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--target-recall", "2"], "--target-recall"),
        (["--ef", "5"], "--dry-run"),
        (["--sample", "0"], "--sample"),
        (["-k", "0"], "-k"),
        (["--queries", "nowhere.npy"], "nowhere.npy"),
    ],
)
def test_what_cannot_be_meant_is_refused(run, untouched, options, part):
    assert run("tune", untouched, "notes", *options).failed_with(part)


def test_a_search_for_a_recall_needs_a_curve(run, untouched):
    ran = run("search", untouched, "notes", "--id", "note-1", "--target-recall", "0.9")
    assert ran.failed_with("vdb tune DIR notes")


def test_queries_may_be_in_any_format_of_sources(run, filled, tmp_path, vectors):
    for name, file in {"q.fvecs": fvecs, "q.fbin": fbin}.items():
        file(tmp_path / name, vectors[:4])
        found = run("tune", filled, "notes", "--dry-run", "--queries", tmp_path / name, "--json")
        assert found.status == 0 and found.json["queries"] == 4, found.err
    query = run(
        "search", filled, "notes", "--vector", f"{tmp_path / 'q.fvecs'}:2", "-k", 1, "--json"
    )
    assert query.json["hits"][0]["id"] == "note-2"
