"""The order in which slots are linked: each once, and no stretch of it in one place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.index.vectors.build_order import RUN, StridedOrder

SIZES = st.integers(0, 3000) | st.sampled_from([4096, 9973])


@given(SIZES, st.integers(0, 50), st.sampled_from([1, 3, RUN, 64]))
def test_every_slot_comes_once_and_its_place_can_be_told(size, more, run):
    spread = StridedOrder(size, run)
    slots = spread.slots(0, size + more)
    assert np.array_equal(np.sort(slots), np.arange(size + more))
    assert np.array_equal(slots[size:], np.arange(size, size + more))
    assert np.array_equal(spread.places(slots), np.arange(size + more))


@given(SIZES)
def test_runs_of_neighbours_stay_together(size):
    runs = StridedOrder(size, RUN).slots(0, size // RUN * RUN).reshape(-1, RUN).astype(int)
    assert (runs[:, 0] % RUN == 0).all()
    assert (np.diff(runs, axis=1) == 1).all()


@pytest.mark.parametrize("size", [4999, 9973, 30_851])
def test_runs_that_follow_each_other_lie_apart(size):
    begins = np.sort(
        StridedOrder(size, RUN).slots(size // 3 // RUN * RUN, size // 2)[::RUN].astype(int)
    )
    assert np.diff(begins).max() < 4 * size / len(begins)


def test_the_largest_collection_has_an_order():
    spread = StridedOrder(2**31 - 2, RUN)
    slots = spread.slots(2**31 - 50, 2**31 - 2)
    assert np.array_equal(spread.places(slots), np.arange(2**31 - 50, 2**31 - 2))
