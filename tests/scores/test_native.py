"""The conventions there are, and the way between values and scores."""

from __future__ import annotations

import numpy as np
import pytest

import vdb

METRICS = ["l2", "ip", "cosine", "dot", "l1", "hamming"]
LOWER = {"l2", "l1", "hamming"}


@pytest.mark.parametrize("metric", METRICS)
def test_native_exists_for_every_metric(metric):
    assert vdb.scores.conventions(metric)[0] == "native"


@pytest.mark.parametrize("metric", METRICS)
def test_a_native_score_is_the_value(metric):
    for function in (vdb.scores.score, vdb.scores.value):
        result = function(0.25, metric=metric, convention="native")
        assert result == 0.25 and type(result) is float
        given = np.array([[0.1, -2.0], [3.0, 1e300]])
        assert np.array_equal(function(given, metric=metric, convention="native"), given)
    assert vdb.scores.convert(2, metric=metric, source="native", target="native") == 2.0


@pytest.mark.parametrize("metric", METRICS)
def test_a_convention_describes_itself(metric):
    row = vdb.scores.describe("native", metric)
    assert (row.name, row.metric) == ("native", metric)
    assert row.direction == ("lower" if metric in LOWER else "higher")
    assert (row.threshold, row.threshold_unit) == ("inclusive", "value")
    assert row.formula and row.engine == f"vdb {vdb.__version__}" and row.source


@pytest.mark.parametrize("metric", METRICS)
def test_a_threshold_lets_itself_in(metric):
    row = vdb.scores.describe("native", metric)
    numbers = np.array([0.1, 0.2, 0.3])
    admitted = row.admits(numbers, numbers, 0.2).tolist()
    assert admitted == ([True, True, False] if metric in LOWER else [False, True, True])


def test_unknown_names_are_refused_with_those_there_are():
    with pytest.raises(vdb.InvalidArgumentError, match=r"'native', .*; got 'nativ'"):
        vdb.scores.score(1.0, metric="l2", convention="nativ")
    with pytest.raises(vdb.InvalidArgumentError, match="source must be"):
        vdb.scores.convert(1.0, metric="l2", source="x", target="native")
    with pytest.raises(vdb.InvalidArgumentError, match="metric must be"):
        vdb.scores.conventions("l3")
    with pytest.raises(vdb.ArgumentTypeError):
        vdb.scores.describe(None, "l2")


def test_values_are_numbers():
    for bad in ("1", [None], True, [[1.0], [1.0, 2.0]]):
        with pytest.raises(vdb.ArgumentTypeError, match="value must be a number"):
            vdb.scores.score(bad, metric="l2", convention="native")


def test_facts_about_the_vectors_are_checked():
    with pytest.raises(vdb.InvalidArgumentError, match="dim"):
        vdb.scores.score(1.0, metric="l2", convention="native", dim=0)
    with pytest.raises(vdb.InvalidArgumentError, match="dtype"):
        vdb.scores.score(1.0, metric="l2", convention="native", dtype="int9")
