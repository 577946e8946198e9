"""A log gives back what was put, in order; it has one writer, and holes and damage are errors."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vdb
from support.object_stores import MemoryObjects
from vdb.cluster.metadata import elapsed
from vdb.cluster.metadata.commit_log import CommitLog
from vdb.cluster.metadata.log_entry import LogEntry
from vdb.cluster.metadata.object_names import log_name
from vdb.store.format.checksums import UNSALTED

SHARD = "papers-000003"
NAME = log_name(SHARD, 7)
IDS = st.one_of(
    st.none(),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=5),
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def entry(**fields):
    return LogEntry(**({"token": "t", "op": "add"} | fields))


def whole():
    """An entry with everything an entry can have."""
    return entry(
        ids=["a", "ß", "c"],
        vectors=np.arange(8, dtype=np.float32).reshape(2, 4),
        payloads=[b"\x81\xa1a\x01", None, b"\xc0"],
        bare=np.array([False, True, False]),
        more={"on_duplicate": "skip", "none": None},
        writer="0123456789abcdef",
    )


def same(one, other):
    """Whether two entries are equal, to the bit and the dtype."""
    for name in ("vectors", "bare"):
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None)
        if left is not None:
            assert left.dtype == right.dtype
            assert left.tobytes() == right.tobytes()
            assert left.shape == right.shape
    for name in ("token", "op", "more", "writer"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("ids", "payloads"):
        left, right = getattr(one, name), getattr(other, name)
        assert (None if left is None else list(left)) == (None if right is None else list(right))


@given(IDS, st.sampled_from(["float32", "float16", "int8", "uint8"]), PLAIN, st.data())
def test_an_entry_comes_back(ids, dtype, more, data):
    rows = 0 if ids is None else len(ids)
    bare = data.draw(st.none() | st.lists(st.booleans(), min_size=rows, max_size=rows))
    present = rows - sum(bare or [])
    numbers = np.random.default_rng(rows).integers(0, 100, (present, 3)).astype(dtype)
    payloads = [None if row % 2 else b"\x81\xa1a\x01" for row in range(rows)]
    one = entry(
        ids=ids,
        vectors=data.draw(st.sampled_from([None, numbers])),
        payloads=data.draw(st.sampled_from([None, payloads])),
        bare=None if bare is None else np.array(bare, np.bool_),
        more={"value": more},
    )
    same(LogEntry.decode(one.encode(NAME), NAME, "here"), one)


def test_each_changed_byte_is_met():
    content = whole().encode(NAME)
    same(LogEntry.decode(content, NAME, "here"), whole())
    for position in range(len(content)):
        for bit in (1, 128):
            damaged = bytearray(content)
            damaged[position] ^= bit
            with pytest.raises(vdb.CorruptedError, match="here"):
                LogEntry.decode(bytes(damaged), NAME, "here")
    for length in range(len(content)):
        with pytest.raises(vdb.CorruptedError):
            LogEntry.decode(content[:length], NAME, "here")


def test_an_entry_of_another_commit_or_shard_is_damage():
    content = whole().encode(NAME)
    for name in (log_name(SHARD, 8), log_name("papers-000004", 7)):
        with pytest.raises(vdb.CorruptedError, match="checksum"):
            LogEntry.decode(content, name, "here")


@given(st.binary(max_size=200))
def test_foreign_bytes_are_no_entry(content):
    for one in (content, UNSALTED.wrap(NAME.encode(), content)):
        with pytest.raises(vdb.CorruptedError):
            LogEntry.decode(one, NAME, "here")


def fields_of(one):
    return msgpack.unpackb(one.encode(NAME)[4:])


def sealed(fields):
    return UNSALTED.wrap(NAME.encode(), msgpack.packb(fields))


@pytest.mark.parametrize("value", [None, -1, 1.5, "x" * 300, b"\x05", [], [1], {"a": 1}, True])
def test_a_wrong_value_anywhere_is_damage_or_another_entry(value):
    fields = fields_of(whole())
    for name in fields:
        for holder, key in [(fields, name), *((fields["vectors"], k) for k in fields["vectors"])]:
            before, holder[key] = holder[key], value
            content = sealed(fields)
            holder[key] = before
            try:
                read = LogEntry.decode(content, NAME, "here")
            except (vdb.CorruptedError, vdb.FormatVersionError) as error:
                assert "here" in str(error)
            else:  # a value that may stand there
                assert read.encode(NAME) == content


def test_a_later_format_is_refused_and_says_so():
    with pytest.raises(vdb.FormatVersionError, match="version 2"):
        LogEntry.decode(sealed(fields_of(whole()) | {"format_version": 2, "new": 1}), NAME, "here")


def test_a_log_is_read_in_order_from_where_one_is(store):
    log = CommitLog(store, SHARD)
    assert (log.last(), list(log.read()), log.entry(1)) == (0, [], None)
    for seq in range(1, 13):
        assert log.put(seq, entry(more={"seq": seq}))
    assert log.last() == 12
    assert [seq for seq, _ in log.read(after=9)] == [10, 11, 12]
    assert [(seq, one.more["seq"]) for seq, one in log.read()] == [(n, n) for n in range(1, 13)]
    assert {one.writer for _, one in log.read()} == {log.writer}
    assert CommitLog(store, "papers-000004").last() == 0


def test_of_eight_writers_one_has_each_commit(store):
    start = threading.Barrier(8)

    def write(_):
        log = CommitLog(store, SHARD)
        start.wait()
        return [log.put(seq, entry()) for seq in range(1, 21)], log.writer

    with ThreadPoolExecutor(8) as pool:
        outcomes = {writer: row for row, writer in pool.map(write, range(8))}
    for seq, one in CommitLog(store, SHARD).read():
        assert [writer for writer, row in outcomes.items() if row[seq - 1]] == [one.writer]


def test_a_hole_is_damage_and_nothing_is_read_behind_it(store):
    log = CommitLog(store, SHARD)
    for seq in (1, 2, 3, 4):
        log.put(seq, entry())
    store.delete([log_name(SHARD, 3)])
    read = log.read()
    assert [next(read)[0], next(read)[0]] == [1, 2]
    with pytest.raises(vdb.CorruptedError, match="no commit 3, and has commit 4"):
        next(read)


def test_a_damaged_commit_names_its_object():
    log = CommitLog(store := MemoryObjects(), SHARD)
    log.put(1, entry())
    store.objects[log_name(SHARD, 1)] += b"x"
    with pytest.raises(vdb.CorruptedError, match=log_name(SHARD, 1)):
        list(log.read())


def test_commits_that_a_backup_covers_are_removed_but_for_the_fence():
    log = CommitLog(store := MemoryObjects(), SHARD)
    for seq in range(1, 11):
        log.put(seq, entry())
    assert log.prune(8) == 0  # all are of the last hour
    store.age(7200.0, log_name(SHARD, 1))
    store.age(7200.0, log_name(SHARD, 2))
    assert log.prune(2) == 1
    assert log.prune(8, grace=0.0) == 6
    assert [seq for seq, _ in log.read(after=8)] == [9, 10]
    assert log.prune(100, grace=0.0) == 2
    assert log.last() == 10
    with pytest.raises(vdb.CorruptedError, match="no commit 4"):
        list(log.read(after=3))


@pytest.mark.parametrize("slept", [False, True])
def test_a_writer_of_the_past_is_told_so_also_when_its_number_is_free(store, monkeypatch, slept):
    log = CommitLog(store, SHARD)
    for seq in (1, 2, 3):
        log.put(seq, entry())
    other = CommitLog(store, SHARD)
    for seq in range(4, 20):
        assert other.put(seq, entry())
    other.prune(15, grace=0.0)
    if slept:  # as the same object, with what it knows
        before = elapsed.now
        monkeypatch.setattr(elapsed, "now", lambda: before() + 3600.0)
    else:
        log = CommitLog(store, SHARD)
    assert not log.put(4, entry())
    assert [seq for seq, _ in other.read(after=14)] == [15, 16, 17, 18, 19]
    assert log.entry(4) is None
    assert not log.put(14, entry())  # the one before is gone, the one behind is there
    assert other.put(20, entry())


def test_a_log_may_begin_anywhere(store):
    log = CommitLog(store, SHARD)
    assert log.put(41, entry())
    assert log.put(42, entry())
    assert CommitLog(store, SHARD).put(43, entry())
    assert [seq for seq, _ in log.read(after=40)] == [41, 42, 43]


def test_a_removed_log_is_gone(store):
    log = CommitLog(store, SHARD)
    for seq in (1, 2, 3):
        log.put(seq, entry())
    log.remove()
    assert log.last() == 0
    assert all(a <= b for a, b in pairwise(entry.name for entry in store.entries("log/")))
