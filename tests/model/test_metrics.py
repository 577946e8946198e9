"""The table of metrics."""

from __future__ import annotations

import pytest

import vdb
from support import oracle
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS, metric_named


def test_the_metrics_of_this_release():
    assert list(METRICS) == ["l2", "ip", "cosine", "dot", "l1", "hamming"]


def test_bits_go_with_hamming_and_with_nothing_else():
    for metric in METRICS.values():
        numbers = ("bit",) if metric.name == "hamming" else ("float32", "float16", "int8")
        assert metric.dtypes == numbers
        assert set(metric.dtypes) <= set(DTYPES)


def test_unit_vectors_are_asked_for_under_dot_and_of_real_numbers_only():
    asked = [
        (metric.name, dtype)
        for metric in METRICS.values()
        for dtype in metric.dtypes
        if metric.asks_for_unit(DTYPES[dtype])
    ]
    assert asked == [("dot", "float32"), ("dot", "float16")]


@pytest.mark.parametrize("name", METRICS)
def test_the_direction_says_which_values_are_closer(name):
    metric = METRICS[name]
    q, vectors = [1.0, 0.0], [[1.0, 0.1], [-1.0, 2.0]]
    if name == "hamming":
        q, vectors = [0b11110000], [[0b11110001], [0b00000001]]
    near, far = oracle.values(name, q, vectors, metric.dtypes[0])
    assert metric.closer(near, far)
    assert not metric.closer(far, near)
    assert metric.closer(near, near)
    assert metric.low <= min(near, far) and max(near, far) <= metric.high


@pytest.mark.parametrize("name", ["DOT", "L2", "euclidean", ""])
def test_an_unknown_metric_is_refused_with_the_list_of_known_ones(name):
    with pytest.raises(vdb.InvalidArgumentError, match="'l2', 'ip', 'cosine'") as caught:
        metric_named(name)
    assert caught.value.received == name


def test_a_metric_is_named_by_a_str():
    with pytest.raises(vdb.ArgumentTypeError, match=r"metric must be one of .* got NoneType"):
        metric_named(None)
