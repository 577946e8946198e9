"""Intervals are repeatable, hold their value, and are as wide as the sample is small."""

import math

import numpy as np
import pytest

from vdb.analysis.common import bootstrap
from vdb.index.vectors.recall_curve import proportion


def test_each_resample_draws_as_many_queries_as_there_are():
    drawn = np.concatenate(list(bootstrap.weights(7, seed=3, resamples=50)))
    assert drawn.shape == (50, 7)
    assert (drawn.sum(axis=1) == 7).all()


def test_the_same_seed_gives_the_same_interval_and_another_one_another():
    columns = np.random.default_rng(5).normal(size=(40, 2))
    assert bootstrap.means(columns, seed=1) == bootstrap.means(columns, seed=1)
    assert bootstrap.means(columns, seed=1) != bootstrap.means(columns, seed=2)


def test_the_interval_is_that_of_the_normal_distribution_where_that_holds():
    column = np.random.default_rng(6).normal(size=(400, 1))
    (found,) = bootstrap.means(column, seed=0)
    error = 1.96 * column.std() / math.sqrt(400)
    assert found.value == pytest.approx(column.mean())
    assert found.low == pytest.approx(column.mean() - error, abs=0.02)
    assert found.high == pytest.approx(column.mean() + error, abs=0.02)


def test_what_was_not_measured_is_left_out():
    column = np.array([[1.0], [math.nan], [3.0]])
    (found,) = bootstrap.means(column, seed=0)
    assert found.value == 2
    (nothing,) = bootstrap.means(np.full((3, 1), math.nan), seed=0)
    assert math.isnan(nothing.value)
    assert math.isnan(nothing.low)


def test_a_value_lies_in_its_own_interval():
    (found,) = bootstrap.means(np.full((10, 1), 0.1), seed=0)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize(
    ("value", "n", "low", "high"),
    [(0.5, 100, 0.4038, 0.5962), (1.0, 10, 0.7225, 1.0), (0.0, 10, 0.0, 0.2775)],
)
def test_wilsons_interval_has_the_published_ends(value, n, low, high):
    found = proportion(value, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)
