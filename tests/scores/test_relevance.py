"""One scale for every metric: 0 to 1, higher is nearer, and a threshold means what it says."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from vdb.model.metrics import METRICS

DIM = 16
VALUES = {
    "l2": [0.0, 1e-6, 1.0, 3.0, 1e6],
    "l1": [0.0, 1e-6, 1.0, 3.0, 1e6],
    "hamming": [0.0, 1.0, 8.0, 16.0],
    "ip": [1e9, 40.0, 39.0, 1.0, 0.0, -1.0, -40.0, -1e9],
    "cosine": [1.0, 0.999, 0.0, -0.5, -1.0],
    "dot": [1.0, 0.999, 0.0, -0.5, -1.0],
}


def rows_of(metric, random, count):
    rows = random.normal(size=(count, DIM))
    if metric == "hamming":
        return rows > 0
    return rows / np.linalg.norm(rows, axis=1, keepdims=True) if metric == "dot" else rows


def collection(db, metric, rows, dtype=None):
    coll = db.create_collection(metric, dim=DIM, metric=metric, dtype=dtype, index=vdb.Flat())
    coll.add(range(len(rows)), rows)
    return coll


@pytest.mark.parametrize("metric", METRICS)
def test_nearer_values_have_larger_scores_within_0_and_1(metric):
    scores = vdb.scores.score(VALUES[metric], metric=metric, convention="relevance", dim=16)
    assert (np.diff(scores) < 0).all()
    assert scores.min() >= 0 and scores.max() <= 1
    assert scores.dtype == np.float64
    row = vdb.scores.describe("relevance", metric)
    assert (row.direction, row.range) == ("higher", (0.0, 1.0))


@pytest.mark.parametrize(
    ("metric", "value", "score"),
    [
        ("l2", 3.0, 0.25),
        ("l1", 3.0, 0.25),
        ("cosine", 0.5, 0.75),
        ("cosine", 1.0004, 1.0),
        ("dot", 1.0004, 1.0),
        ("dot", -1.0004, 0.0),
        ("ip", 0.0, 0.5),
        ("ip", 3.0, 0.875),
        ("ip", -3.0, 0.125),
        ("hamming", 4.0, 0.75),
    ],
)
def test_the_formulas_are_those_of_the_page(metric, value, score):
    assert vdb.scores.score(value, metric=metric, convention="relevance", dim=16) == score


@pytest.mark.parametrize("metric", METRICS)
def test_a_search_has_the_same_hits_as_by_value_and_a_threshold_carries_over(db, metric):
    random = np.random.default_rng(1)
    dtype = "bit" if metric == "hamming" else None
    coll = collection(db, metric, rows_of(metric, random, 200), dtype)
    query = rows_of(metric, random, 1)[0]
    native = coll.search(query, 30, exact=True)
    hits = coll.search(query, 30, exact=True, scores="relevance")
    assert hits.ids.tolist() == native.ids.tolist()
    assert (np.diff(hits.scores) <= 0).all()
    assert hits.scores.min() >= 0 and hits.scores.max() <= 1

    cut = float(hits.scores[11])
    within = coll.search(query, None, exact=True, scores="relevance", threshold=cut)
    assert within.ids.tolist() == hits.ids[hits.scores >= cut].tolist()
    value = vdb.scores.value(cut, metric=metric, convention="relevance", dim=DIM)
    assert value == pytest.approx(hits.values[11], rel=1e-9, abs=1e-12)


def test_bytes_under_dot_stay_within_0_and_1(db):
    random = np.random.default_rng(2)
    rows = random.integers(-128, 128, size=(100, DIM))
    coll = collection(db, "dot", rows, "int8")
    hits = coll.search(rows[0], 100, scores="relevance")
    assert (hits.scores >= 0).all() and (hits.scores <= 1).all()
    assert (np.diff(hits.scores) <= 0).all()


def test_a_threshold_outside_the_scale_is_refused(db):
    coll = collection(db, "ip", [[1.0] * DIM])
    with pytest.raises(vdb.InvalidArgumentError, match="between 0 and 1"):
        coll.search([1.0] * DIM, scores="relevance", threshold=1.5)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_the_ends_of_ip_stand_for_no_value(score):
    with pytest.raises(vdb.NotInvertibleError, match="without end"):
        vdb.scores.value(score, metric="ip", convention="relevance")
