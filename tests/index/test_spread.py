"""The order in which slots are linked: each once, and no stretch of it in one place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.index.spread import Spread

SIZES = st.integers(0, 3000) | st.sampled_from([4096, 9973])


@given(SIZES, st.integers(0, 50))
def test_every_slot_comes_once_and_its_place_can_be_told(size, more):
    spread = Spread(size)
    slots = spread.slots(0, size + more)
    assert np.array_equal(np.sort(slots), np.arange(size + more))
    assert np.array_equal(slots[size:], np.arange(size, size + more))
    assert np.array_equal(spread.places(slots), np.arange(size + more))


@pytest.mark.parametrize("size", [1000, 1024, 4999, 30_851])
def test_neighbours_do_not_come_together(size):
    slots = np.sort(Spread(size).slots(size // 3, size // 3 + 64).astype(int))
    assert np.diff(slots).max() < 4 * size / 64


def test_the_largest_collection_has_an_order():
    spread = Spread(2**31 - 2)
    slots = spread.slots(2**31 - 10, 2**31 - 2)
    assert np.array_equal(spread.places(slots), np.arange(2**31 - 10, 2**31 - 2))
