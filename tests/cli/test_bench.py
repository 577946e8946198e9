"""`vdb bench` measures and changes nothing."""

import numpy as np
import pytest


def test_a_curve_is_shown(run, untouched):
    ran = run("bench", untouched, "notes", "-k", 3, "--ef", "5, 20", "--rounds", 1)
    assert ran.status == 0, ran.err
    assert "exact" in ran.out and "recall@3" in ran.out


def test_json_and_page_hold_the_same(run, untouched, tmp_path, vectors):
    np.save(tmp_path / "q.npy", vectors[:4])
    options = ("--queries", tmp_path / "q.npy", "--rounds", 1, "--html", tmp_path / "b.html")
    found = run("bench", untouched, "notes", *options, "--json").json
    assert (found["source"], found["queries"], found["k"]) == ("given", 4, 10)
    page = (tmp_path / "b.html").read_text()
    assert page.count("<tr>") == 1 + len(found["points"])
    assert "<polyline" in page


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--ef", "5,x"], "--ef"),
        (["--rounds", "0"], "--rounds"),
        (["--sample", "0"], "--sample"),
        (["--queries", "nowhere.npy"], "nowhere.npy"),
    ],
)
def test_what_cannot_be_meant_is_refused(run, untouched, options, part):
    ran = run("bench", untouched, "notes", *options)
    assert ran.status == 1
    assert part in ran.err
