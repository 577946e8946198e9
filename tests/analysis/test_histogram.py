"""Bins of equal width hold every number once, however near to each other they are."""

import numpy as np
import pytest

import vdb
from vdb.analysis.common.histogram import histogram


@pytest.mark.parametrize(
    "values",
    [
        [8e17, 8e17],
        [8e17, np.nextafter(8e17, 1e18)],
        [1.0, np.nextafter(1.0, 2.0)],
        [-1e300, np.nextafter(-1e300, 0)],
        [0.0, 5e-324],
        [0.0, 0.0],
        [-1.0, 0.5, 2.0],
    ],
)
def test_every_number_is_in_one_bin(values):
    counts, edges = histogram(np.array(values), 24)
    assert counts.sum() == len(values) and (len(counts), len(edges)) == (24, 25)
    assert np.all(np.diff(edges) > 0)
    assert edges[0] <= min(values) and edges[-1] >= max(values)


def test_numbers_that_lie_apart_have_the_bins_of_numpy():
    values = np.random.default_rng(1).normal(size=1000)
    for own, other in zip(histogram(values, 24), np.histogram(values, 24), strict=True):
        assert np.array_equal(own, other)


@pytest.mark.parametrize("near", [1.0, 1.0000001])
def test_long_vectors_of_one_length_are_inspected(near):
    with vdb.temporary() as db:
        docs = db.create_collection("docs", dim=2, metric="l2", index=vdb.Flat())
        docs.add([1, 2], np.array([[8e17, 0], [0, 8e17 * near]], np.float32))
        assert sum(docs.inspect().norm_histogram.counts) == 2
        assert list(db.check()) == []
