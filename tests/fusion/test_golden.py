"""Fused lists are those of the engines: their scores in their precision, and their order."""

import json
from pathlib import Path

import numpy as np
import pytest

import vdb

FILE = Path(__file__).parents[1] / "files" / "fusion" / "golden.json"
ROWS = json.loads(FILE.read_text(encoding="utf-8"))["rows"]


def fused(row):
    arguments = {
        name: tuple(value) if name == "metrics" else value
        for name, value in row["arguments"].items()
    }
    return vdb.fusion.fuse(row["lists"], row["fusion"], **arguments)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['fusion']} {row['case']}" for row in ROWS])
def test_the_scores_and_the_order_are_the_engines(row):
    hits = fused(row)
    shown = [[hit.id, hit.score] for hit in hits]
    expected = row["output"]
    if row.get("part"):
        shown = [pair for pair in shown if pair[0] == expected[0][0]]
    if not row["order"]:
        shown, expected = sorted(shown), sorted(expected)
    if "close" in row:
        assert [one for one, _ in shown] == [one for one, _ in expected]
        dtype = hits.scores.dtype
        scores = np.array([[a[1], b[1]] for a, b in zip(shown, expected, strict=True)], dtype)
        np.testing.assert_array_max_ulp(scores[:, 0], scores[:, 1], maxulp=1)
    else:
        assert shown == expected


def test_a_wrong_digit_would_be_seen():
    row = next(row for row in ROWS if row["order"] and row["output"])
    first, *_ = fused(row)
    assert [first.id, float(np.nextafter(first.score, 1))] != row["output"][0]


def test_every_engine_that_was_measured_has_rows():
    tested = {row["fusion"].partition("-")[0] for row in ROWS}
    engines = {row.name.partition("-")[0] for row in vdb.fusion.fusions()} - {"native"}
    assert engines <= tested
