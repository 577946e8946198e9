"""Chunks are cut by the keys in them, and read strictly."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vdb
from vdb.maintenance.repository import chunk as chunk_module
from vdb.maintenance.repository.chunk import LARGEST, chunks, digest, items_of


def many_items(count, seed=0, size=2000):
    source = random.Random(seed)
    keys = sorted({source.randbytes(12) for _ in range(count)})
    return [(key, random.Random(key).randbytes(size)) for key in keys]


def test_items_come_back_in_order():
    items = many_items(3000)
    cut = list(chunks(items))
    assert len(cut) > 3
    back, last = [], b""
    for content in cut:
        part = items_of(content, "here", after=last)
        back += part
        last = part[-1][0]
    assert back == items
    assert list(chunks([])) == []


def test_sizes_lie_between_half_a_megabyte_and_four():
    sizes = [len(content) for content in chunks(many_items(20_000))]
    assert min(sizes[:-1]) >= 1 << 19
    assert max(sizes) < (1 << 22) + 3000 < LARGEST
    assert 0.7e6 < sum(sizes) / len(sizes) < 1.5e6


def test_values_of_a_block_and_of_the_longest_kind_are_cut_too():
    for size, most in ((65_520, 1 << 22), (1 << 20, 1 << 22)):
        sizes = [len(content) for content in chunks(many_items(200, size=size))]
        assert max(sizes) < most + size + 600 < LARGEST


@pytest.mark.parametrize("where", [0, 1500, 2999])
def test_an_insertion_changes_the_chunks_around_it_only(where):
    items = many_items(6000)
    before = {digest(content) for content in chunks(items)}
    changed = [*items, (items[where][0] + b"x", b"new")]
    after = [digest(content) for content in chunks(sorted(changed))]
    assert 1 <= len([name for name in after if name not in before]) <= 2


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=511), st.binary(max_size=50))))
def test_any_keys_and_values_come_back(pairs):
    items = sorted(dict(pairs).items())
    assert [item for content in chunks(items) for item in items_of(content, "here")] == items


@given(st.binary(max_size=300))
def test_bytes_that_are_no_items_are_refused_or_are_items(content):
    try:
        items = items_of(content, "here")
    except vdb.CorruptedError as error:
        assert error.where == "here"
    else:
        assert b"".join(chunks(items)) == content


def test_keys_that_do_not_rise_are_refused():
    first, second = (b"a", b"1"), (b"b", b"2")
    (content,) = chunks([first, second])
    assert items_of(content, "x", after=b"") == [first, second]
    for after in (b"a", b"b"):
        with pytest.raises(vdb.CorruptedError):
            items_of(content, "x", after=after)
    (content,) = chunks([second, first])
    with pytest.raises(vdb.CorruptedError):
        items_of(content, "x")


def test_a_key_that_lmdb_has_no_room_for_is_refused():
    (content,) = chunks([(b"k" * 512, b"")])
    with pytest.raises(vdb.CorruptedError):
        items_of(content, "x")
    assert chunk_module.LONGEST_KEY == 511
