"""New vectors get their places by nearness: each one place, near ones beside each other."""

import numpy as np
import pytest

from support.kernel_memory import MemoryIndex


def arranged(rows, metric="l2", threads=1):
    rows = np.ascontiguousarray(rows, dtype=np.float32)
    return MemoryIndex(metric, rows.shape[1]).writer.locality_order([rows], threads)


def clusters(count=40, each=100, dim=24, seed=0):
    """Rows in no order, and which cluster each belongs to."""
    random = np.random.default_rng(seed)
    owner = random.permutation(np.repeat(np.arange(count), each))
    centres = 5 * random.normal(size=(count, dim))
    return centres[owner] + random.normal(size=(len(owner), dim)), owner


def clusters_in_a_run(owner):
    """How many clusters meet, on average, in a hundred rows that lie beside each other."""
    return np.mean([len(set(run)) for run in owner.reshape(-1, 100).tolist()])


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_every_row_has_one_place_and_neighbours_are_near(metric):
    rows, owner = clusters()
    order = arranged(rows, metric)
    assert sorted(order.tolist()) == list(range(len(rows)))
    assert clusters_in_a_run(owner[order]) < 8
    assert clusters_in_a_run(owner) > 30


def test_the_order_does_not_depend_on_threads():
    rows, _ = clusters(count=90, seed=1)
    first = arranged(rows)
    for threads in (2, 3, 8):
        np.testing.assert_array_equal(arranged(rows, threads=threads), first)


@pytest.mark.parametrize("count", [0, 1, 128, 129])
def test_few_rows_have_an_order_too(count):
    rows, _ = clusters()
    order = arranged(rows[:count].reshape(count, 24))
    assert sorted(order.tolist()) == list(range(count))


@pytest.mark.parametrize("different", [0, 1, 2000])
def test_equal_rows_stay_in_the_order_they_came_in(different):
    rows = np.ones((20_000, 4))
    rows[:different] = np.random.default_rng(2).normal(size=(different, 4))
    order = arranged(rows)
    assert sorted(order.tolist()) == list(range(len(rows)))
    same = order[order >= different]
    assert np.count_nonzero(np.diff(same) < 0) <= 32


def test_rows_that_no_metric_takes_have_an_order_too():
    rows = np.random.default_rng(3).normal(size=(2000, 4))
    rows[5], rows[6], rows[7] = np.nan, np.inf, 0.0
    assert sorted(arranged(rows, "cosine").tolist()) == list(range(2000))


@pytest.mark.parametrize(
    ("metric", "dtype", "kind"),
    [("l2", "float16", np.float16), ("l1", "int8", np.int8), ("hamming", "bit", np.uint8)],
)
def test_rows_of_every_dtype_are_arranged(metric, dtype, kind):
    rows, owner = clusters()
    if dtype == "bit":
        rows = np.packbits(rows > 0, axis=1)
    index = MemoryIndex(metric, 24, dtype=dtype)
    order = index.writer.locality_order([np.ascontiguousarray(rows, dtype=kind)], 1)
    assert sorted(order.tolist()) == list(range(len(rows)))
    assert clusters_in_a_run(owner[order]) < 15
