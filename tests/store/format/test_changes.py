"""Logs of changes: sets of slots that come back, whatever was united with what."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.errors import CorruptedError
from vdb.store.format import change_log

SLOTS = st.sets(st.integers(0, 5 * change_log.SLOTS), max_size=60)


def array(slots):
    return np.array(sorted(slots), dtype=np.uint32)


def read(parts):
    return {
        slot
        for number, body in parts.items()
        for slot in change_log.slots_in(body, number, "here").tolist()
    }


@given(SLOTS)
def test_the_slots_come_back(slots):
    parts = dict(change_log.parts(array(slots)))
    assert read(parts) == slots
    assert list(parts) == sorted({slot // change_log.SLOTS for slot in slots})
    assert all(len(body) == change_log.PART for body in parts.values())


@given(SLOTS, SLOTS)
def test_parts_unite_to_the_union(one, other):
    parts = dict(change_log.parts(array(one)))
    for number, body in change_log.parts(array(other)):
        parts[number] = change_log.united(parts[number], body) if number in parts else body
    assert read(parts) == one | other


@pytest.mark.parametrize("size", [0, change_log.PART - 1, change_log.PART + 1])
def test_a_part_of_another_length_is_damage(size):
    with pytest.raises(CorruptedError, match=f"got {size}"):
        change_log.slots_in(bytes(size), 0, "here")
