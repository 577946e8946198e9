"""The table of metrics."""

from __future__ import annotations

import numpy as np
import pytest

import oracle
import vdb
from vdb.metrics import METRICS, metric_named


def test_the_metrics_of_this_release():
    assert list(METRICS) == ["l2", "ip", "cosine"]


@pytest.mark.parametrize("name", METRICS)
def test_the_direction_says_which_values_are_closer(name):
    metric = METRICS[name]
    q = np.array([1.0, 0.0])
    near, far = oracle.values(name, q, [[1.0, 0.1], [-1.0, 2.0]])
    assert metric.closer(near, far)
    assert not metric.closer(far, near)
    assert metric.closer(near, near)
    assert metric.low <= min(near, far) and max(near, far) <= metric.high


@pytest.mark.parametrize("name", ["dot", "L2", "euclidean", ""])
def test_an_unknown_metric_is_refused_with_the_list_of_known_ones(name):
    with pytest.raises(vdb.InvalidArgumentError, match="'l2', 'ip', 'cosine'") as caught:
        metric_named(name)
    assert caught.value.received == name


def test_a_metric_is_named_by_a_str():
    with pytest.raises(vdb.ArgumentTypeError, match=r"metric must be one of .* got NoneType"):
        metric_named(None)
