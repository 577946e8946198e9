"""Which new shards take which slots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.cluster.changes.assignment import exchanges, parts_of, spread_slots
from vdb.cluster.metadata.map_parts import ShardEntry, slot_ranges
from vdb.cluster.metadata.slots import SLOTS
from vdb.errors import InvalidArgumentError


def entries(parts):
    return [ShardEntry(f"docs-{i:06d}", "d0", part) for i, part in enumerate(parts)]


def everything():
    return [ShardEntry("docs-000000", "d0", ((0, SLOTS),))]


def slots(part):
    return {slot for start, stop in part for slot in range(start, stop)}


@given(st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_parts_are_equal_and_have_each_slot_once(counts):
    shards = everything()
    for count in counts:
        parts = spread_slots(shards, count)
        sizes = [len(slots(part)) for part in parts]
        assert sum(sizes) == SLOTS
        assert max(sizes) - min(sizes) <= 1
        assert set().union(*map(slots, parts)) == set(range(SLOTS))
        shards = entries(parts)


@given(st.integers(1, 12), st.integers(1, 12))
def test_exchanges_take_every_slot_from_old_shards_to_new_ones(before, after):
    shards = entries(spread_slots(everything(), before))
    parts = spread_slots(shards, after)
    by_name = {shard.id: shard for shard in shards}
    kept = set(range(SLOTS))
    old_names = []
    for old, new in exchanges(shards, parts):
        taken = set().union(*(slots(by_name[name].slots) for name in old))
        assert sum(len(slots(part)) for part in new) == len(taken)
        assert set().union(*map(slots, new)) == taken
        kept -= taken
        old_names += old
    assert len(set(old_names)) == len(old_names)
    unchanged = [shard for shard in shards if shard.id not in old_names]
    assert set().union(set(), *(slots(shard.slots) for shard in unchanged)) == kept
    assert all(shard.slots in parts for shard in unchanged)


@pytest.mark.parametrize("count", [4, 6, 7])
def test_twice_as_many_shards_are_each_cut_in_two(count):
    shards = entries(spread_slots(everything(), count))
    done = exchanges(shards, spread_slots(shards, 2 * count))
    assert [(len(one.old), len(one.new)) for one in done] == [(1, 2)] * count


def test_the_same_number_of_shards_changes_nothing():
    shards = entries(spread_slots(everything(), 5))
    assert exchanges(shards, spread_slots(shards, 5)) == []


def test_shards_of_scattered_slots_are_cut():
    scattered = np.random.default_rng(0).permutation(SLOTS)
    shard = ShardEntry("docs-000000", "d0", slot_ranges(scattered[:100]))
    parts = parts_of(shard, 3)
    assert sorted(len(slots(part)) for part in parts) == [33, 33, 34]
    assert set().union(*map(slots, parts)) == set(scattered[:100].tolist())


@pytest.mark.parametrize("count", [0, -1, SLOTS + 1])
def test_a_number_of_shards_out_of_range_is_refused(count):
    with pytest.raises(InvalidArgumentError, match=r"shards must be 1\.\.4096"):
        spread_slots(everything(), count)


def test_a_shard_is_not_cut_into_more_parts_than_it_has_slots():
    with pytest.raises(InvalidArgumentError, match="has 2 slots"):
        parts_of(ShardEntry("docs-000000", "d0", ((5, 7),)), 3)
