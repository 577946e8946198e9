"""Logs of changes: sets of slots that come back, whatever was united with what."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.errors import CorruptedError
from vdb.store.format import changes

SLOTS = st.sets(st.integers(0, 5 * changes.SLOTS), max_size=60)


def array(slots):
    return np.array(sorted(slots), dtype=np.uint32)


def read(parts):
    return {
        slot
        for number, body in parts.items()
        for slot in changes.slots_in(body, number, "here").tolist()
    }


@given(SLOTS)
def test_the_slots_come_back(slots):
    parts = dict(changes.parts(array(slots)))
    assert read(parts) == slots
    assert list(parts) == sorted({slot // changes.SLOTS for slot in slots})
    assert all(len(body) == changes.PART for body in parts.values())


@given(SLOTS, SLOTS)
def test_parts_unite_to_the_union(one, other):
    parts = dict(changes.parts(array(one)))
    for number, body in changes.parts(array(other)):
        parts[number] = changes.united(parts[number], body) if number in parts else body
    assert read(parts) == one | other


@pytest.mark.parametrize("size", [0, changes.PART - 1, changes.PART + 1])
def test_a_part_of_another_length_is_damage(size):
    with pytest.raises(CorruptedError, match=f"got {size}"):
        changes.slots_in(bytes(size), 0, "here")
