"""Postings become sets of slots; those that lead nowhere are refused."""

from __future__ import annotations

import numpy as np
import pytest

from vdb.errors import CorruptedError
from vdb.kernel import postings_to_bits, postings_to_mask


def places(*pairs):
    starts, ends = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(starts, np.int64), np.array(ends, np.int64)


def test_ranges_are_marked_and_nothing_else():
    slots = np.array([5, 3, 8, 3, 0, 9], np.uint32)
    marks = np.zeros(10, np.uint8)
    postings_to_mask(marks, slots, *places((0, 2), (2, 2), (5, 6), (4, 3)))
    assert np.flatnonzero(marks).tolist() == [3, 5, 9]
    postings_to_mask(marks, slots, *places())
    postings_to_mask(marks, slots, *places((0, 6)))
    assert np.flatnonzero(marks).tolist() == [0, 3, 5, 8, 9]
    assert set(marks.tolist()) == {0, 1}


def test_what_is_out_of_bounds_is_refused():
    slots = np.array([5, 10, 2], np.uint32)
    marks = np.zeros(10, np.uint8)
    with pytest.raises(CorruptedError, match="slot 10 of 10"):
        postings_to_mask(marks, slots, *places((0, 3)))
    for pair in ((-1, 1), (0, 4), (3, 4)):
        with pytest.raises(IndexError):
            postings_to_mask(marks, slots, *places(pair))
    with pytest.raises(ValueError, match="ends"):
        postings_to_mask(marks, slots, places((0, 1))[0], places()[1])


def test_slots_may_lie_at_any_address():
    stored = np.array([5, 3, 8], np.uint32).tobytes()
    for before in range(4):
        slots = np.frombuffer(b"x" * before + stored, np.uint32, 3, before)
        marks = np.zeros(10, np.uint8)
        postings_to_mask(marks, slots, *places((0, 3)))
        assert np.flatnonzero(marks).tolist() == [3, 5, 8]


@pytest.mark.parametrize("size", [1, 7, 8, 9, 500])
def test_bits_are_those_of_the_mask_and_counted(size):
    draw = np.random.default_rng(size)
    slots = draw.integers(0, size, 300).astype(np.uint32)
    starts, ends = np.array([0, 40, 40, 250], np.int64), np.array([3, 40, 90, 300], np.int64)
    mask, bits = np.zeros(size, np.uint8), np.zeros((size + 7) // 8, np.uint8)
    postings_to_mask(mask, slots, starts, ends)
    assert postings_to_bits(bits, slots, starts, ends, size) == mask.sum()
    assert bits.tolist() == np.packbits(mask.astype(bool), bitorder="little").tolist()


def test_bits_beyond_the_last_slot_are_never_set():
    one = places((0, 1))
    with pytest.raises(CorruptedError, match="slot 9 of 9"):
        postings_to_bits(np.zeros(2, np.uint8), np.array([9], np.uint32), *one, 9)
    with pytest.raises(ValueError, match="bits"):
        postings_to_bits(np.zeros(1, np.uint8), np.array([1], np.uint32), *one, 9)
    with pytest.raises(IndexError):
        postings_to_bits(np.zeros(2, np.uint8), np.zeros(0, np.uint32), *one, 9)
