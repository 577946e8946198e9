"""The journal of a commit."""

import contextlib

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.errors import CorruptedError
from vdb.store.format import journal

U32 = st.integers(0, 2**32 - 1)
NUMBERS = st.none() | st.lists(U32, unique=True, max_size=20).map(
    lambda numbers: np.array(sorted(numbers), np.uint32)
)
TABLES = st.tuples(U32, st.integers(0, 255), st.integers(0, 255))
JOURNALS = st.dictionaries(U32, st.dictionaries(TABLES, NUMBERS, max_size=3), max_size=3)


def plain(changes):
    """Lists instead of arrays, which cannot be compared."""
    return {
        collection: {t: None if n is None else n.tolist() for t, n in tables.items()}
        for collection, tables in changes.items()
    }


@given(JOURNALS)
def test_a_journal_comes_back(changes):
    decoded = journal.decode(journal.encode(changes, largest=1 << 20), 7)
    assert plain(decoded) == plain(changes)


def test_more_numbers_than_are_listed_become_all():
    many = np.arange(journal.MOST_NUMBERS + 1, dtype=np.uint32)
    encoded = journal.encode({1: {(1, 2, 0): many, (1, 2, 1): many[:5]}}, largest=1 << 20)
    decoded = journal.decode(encoded, 7)
    assert decoded[1][1, 2, 0] is None
    assert decoded[1][1, 2, 1].tolist() == [0, 1, 2, 3, 4]


def test_the_longest_lists_give_way_until_the_journal_fits():
    changes = {
        1: {(1, 2, 0): np.arange(900, dtype=np.uint32), (0, 1, 0): np.arange(9, dtype=np.uint32)},
        2: {(1, 2, 0): np.arange(800, dtype=np.uint32)},
    }
    encoded = journal.encode(changes, largest=4076)
    decoded = journal.decode(encoded, 7)
    assert len(encoded) <= 4076
    assert decoded[1][1, 2, 0] is None
    assert decoded[1][0, 1, 0] is not None
    assert decoded[2][1, 2, 0] is not None


def test_a_collection_that_was_only_touched_is_listed():
    assert journal.decode(journal.encode({5: {}}, largest=100), 7) == {5: {}}


@given(st.dictionaries(TABLES, NUMBERS, max_size=4), st.dictionaries(TABLES, NUMBERS, max_size=4))
def test_merging_is_the_union(older, newer):
    merged = journal.merge(older, newer)
    assert merged.keys() == older.keys() | newer.keys()
    for table, numbers in merged.items():
        sides = [side[table] for side in (older, newer) if table in side]
        if any(side is None for side in sides):
            assert numbers is None
        else:
            assert set(numbers.tolist()) == {n for side in sides for n in side.tolist()}


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_decoded_or_called_damaged(body):
    try:
        journal.decode(body, 7)
    except CorruptedError as error:
        assert "commit 7" in error.where


@given(JOURNALS.filter(bool), st.data())
def test_damaged_journals_are_decoded_or_called_damaged(changes, data):
    body = bytearray(journal.encode(changes, largest=1 << 20))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CorruptedError):
        journal.decode(bytes(body), 7)


@pytest.mark.parametrize(
    "stored",
    [
        [],
        {"a": []},
        {-1: []},
        {1: 5},
        {1: [[1, 2, 0]]},
        {1: [[1, 2, 0, b"abc"]]},
        {1: [[1, 256, 0, None]]},
    ],
)
def test_another_shape_is_called_damaged(stored):
    with pytest.raises(CorruptedError):
        journal.decode(msgpack.packb(stored), 7)
