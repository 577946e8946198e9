"""Sets of slots as runs: what is written is read again, and nothing else is taken."""

from __future__ import annotations

import numpy as np
import pytest

from vdb.errors import CorruptedError
from vdb.store.format import slot_runs
from vdb.store.format.decoder import Fields
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.limits import LARGEST_THRESHOLD

THRESHOLD = {
    "type": "hnsw", "M": 8, "ef_construction": 60, "codes": None, "seed": 0,
    "indexing_threshold": 100,
}  # fmt: skip


def taken(runs, most=2**31 - 2):
    return slot_runs.take(Fields({"waiting": runs}, "here"), "waiting", most)


def pairs(*numbers):
    return np.array(numbers, "<u4").tobytes()


@pytest.mark.parametrize("seed", range(5))
def test_any_set_comes_back_rising(seed):
    draw = np.random.default_rng(seed)
    slots = draw.permutation(draw.choice(500, size=int(draw.integers(1, 400)), replace=False))
    runs = slot_runs.encode(slots.astype(np.uint32))
    assert slot_runs.decode(taken(runs)).tolist() == sorted(slots.tolist())


def test_slots_in_a_row_are_one_run_and_none_are_none():
    assert slot_runs.encode(np.arange(7, 5007, dtype=np.uint32)) == pairs(7, 5000)
    assert slot_runs.encode(np.array([0, 1, 3], np.uint32)) == pairs(0, 2, 3, 1)
    assert slot_runs.encode(np.empty(0, np.uint32)) == b""
    assert slot_runs.decode(b"").tolist() == []


@pytest.mark.parametrize(
    "runs",
    [
        pairs(1, 2)[:-1],
        pairs(1, 0),
        pairs(1, 2, 3, 1),  # adjacent: they are one run
        pairs(5, 1, 1, 1),
        pairs(5, 10, 7, 1),
        pairs(98, 3),
        pairs(2**32 - 1, 2**32 - 1),
    ],
)
def test_other_bytes_are_refused(runs):
    with pytest.raises(CorruptedError, match="waiting: expected"):
        taken(runs, most=100)


def test_more_bytes_than_a_header_holds_are_refused():
    with pytest.raises(CorruptedError, match="waiting: expected at most"):
        taken(bytes(slot_runs.LONGEST_RUNS + 8))


@pytest.mark.parametrize("runs", [pairs(0, 2**31 - 2), pairs(0, 60_000, 70_000, 60_000)])
def test_a_few_bytes_that_name_more_slots_than_can_wait_are_refused(runs):
    with pytest.raises(CorruptedError, match="waiting: expected at most 101024 slots"):
        taken(runs)


def test_as_many_slots_as_can_wait_fit_with_a_gap_between_any_two_of_them():
    slots = np.arange(LARGEST_THRESHOLD + 32, dtype=np.uint32) * 2
    waits = record(index={**THRESHOLD, "indexing_threshold": LARGEST_THRESHOLD})
    waits.unlinked_slots = slots
    again = GenerationRecord.decode(waits.encode(), 1, 1)
    assert again.unlinked_slots.tolist() == slots.tolist()


def record(**changes):
    made = GenerationRecord(1, "l2", "float32", 1, THRESHOLD)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_a_record_says_by_its_index_where_its_slots_stand():
    slots = np.array([4, 5, 6, 9], np.uint32)
    waits = record(unlinked_slots=slots)
    assert (waits.unlinked, waits.waiting) == ([], pairs(4, 3, 9, 1))
    plain = record(index={**THRESHOLD})
    del plain.index["indexing_threshold"]
    plain.unlinked_slots = slots
    assert (plain.unlinked, plain.waiting) == ([4, 5, 6, 9], b"")
    for one in (waits, plain):
        again = GenerationRecord.decode(one.encode(), 1, 1)
        assert again == one
        assert again.unlinked_slots.tolist() == [4, 5, 6, 9]
    assert (waits.format_version, plain.format_version) == (2, 1)


def test_slots_in_the_place_of_the_other_kind_of_index_are_refused():
    with pytest.raises(CorruptedError, match="unlinked: expected none"):
        GenerationRecord.decode(record(unlinked=[1]).encode(), 1, 1)
    plain = {name: value for name, value in THRESHOLD.items() if name != "indexing_threshold"}
    with pytest.raises(CorruptedError, match="waiting: expected none"):
        GenerationRecord.decode(record(index=plain, waiting=pairs(1, 1)).encode(), 1, 1)


def test_a_threshold_of_nothing_is_not_stored():
    with pytest.raises(CorruptedError, match="indexing_threshold: expected no field"):
        GenerationRecord.decode(record(index={**THRESHOLD, "indexing_threshold": 0}).encode(), 1, 1)
