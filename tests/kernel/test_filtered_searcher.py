"""Searches among some slots: as many as there are, near enough, the same every time, safe."""

from __future__ import annotations

import numpy as np
import pytest

from support.kernel_memory import MemoryIndex, nothing_stored
from vdb.errors import CorruptedError

K = 10


@pytest.fixture(scope="module")
def points():
    random = np.random.default_rng(3)
    return random.normal(size=(6000, 12)).astype(np.float32)


@pytest.fixture(scope="module")
def memory(points):
    made = MemoryIndex("l2", 12, M=8, ef_construction=60)
    made.add(points)
    return made


def search(memory, allowed, queries, *, k=K, ef=60, threads=1):
    bits = np.packbits(allowed, bitorder="little")
    count = np.count_nonzero(allowed)
    return memory.index.search_filtered(nothing_stored, queries, bits, count, k, ef, threads)


def truth(points, allowed, q, k=K):
    slots = np.flatnonzero(allowed)
    distances = ((points[slots].astype(np.float64) - q) ** 2).sum(axis=1)
    return slots[np.argsort(distances, kind="stable")[:k]]


def sides(points, share):
    """Three filters of one selectivity: by chance, on the side of the first axis, and off it."""
    random = np.random.default_rng(5)
    cut = np.quantile(points[:, 0], 1 - share)
    return {
        "random": random.random(len(points)) < share,
        "near": points[:, 0] >= cut,
        "far": points[:, 0] <= np.quantile(points[:, 0], share),
    }


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2, 0.1])
@pytest.mark.parametrize("side", ["random", "near", "far"])
def test_nearly_all_of_the_nearest_are_found(points, memory, share, side):
    allowed = sides(points, share)[side]
    queries = points[np.argsort(-points[:, 0])[:60]] + np.float32(0.05)
    slots, _, counts, compared, _ = search(memory, allowed, queries)
    assert (counts == K).all() and allowed[slots].all()
    found = [
        len(set(row) & set(truth(points, allowed, q)))
        for row, q in zip(slots, queries, strict=True)
    ]
    assert np.mean(found) >= 0.93 * K
    assert (compared <= 2 * allowed.sum()).all()


def test_answers_depend_on_nothing_but_the_data(points, memory):
    allowed = sides(points, 0.3)["random"]
    one = search(memory, allowed, points[:50])
    for threads in (1, 3):
        for a, b in zip(one, search(memory, allowed, points[:50], threads=threads), strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_few_allowed_are_found_all(points, memory, count):
    allowed = np.zeros(len(points), dtype=bool)
    allowed[np.random.default_rng(count).choice(len(points), count, replace=False)] = True
    slots, values, counts, _, switched = search(memory, allowed, points[:20])
    assert (counts == min(K, count)).all()
    assert count == 0 or (switched == 1).all()
    for row, found, q in zip(slots, values, points[:20], strict=True):
        assert row.tolist() == truth(points, allowed, q).tolist()
        assert (np.diff(found) >= 0).all()


def test_a_scan_of_some_is_exact(points, memory):
    for share in (0.4, 0.002, 1.0):
        allowed = np.random.default_rng(6).random(len(points)) < share
        bits = np.packbits(allowed, bitorder="little")
        count = np.count_nonzero(allowed)
        k = min(K, count)
        found, _, counts = memory.index.scan_filtered(
            nothing_stored, points[:20], bits, count, K, 2
        )
        assert (counts == k).all() and found.shape == (20, k)
        for row, q in zip(found, points[:20], strict=True):
            assert row.tolist() == truth(points, allowed, q).tolist()


def test_bits_that_do_not_belong_to_the_slots_are_refused(points):
    memory = MemoryIndex("l2", 12, M=8, ef_construction=60)
    memory.add(points[:61])
    bits = np.full(8, 255, np.uint8)
    for call, ef in ((memory.index.scan_filtered, []), (memory.index.search_filtered, [10])):
        with pytest.raises(CorruptedError, match="behind the last of 61"):
            call(nothing_stored, points[:1], bits, 61, 2, *ef)
        with pytest.raises(ValueError, match="bits"):
            call(nothing_stored, points[:1], bits[:7], 61, 2, *ef)
        with pytest.raises(ValueError, match="count"):
            call(nothing_stored, points[:1], bits, 62, 2, *ef)
    bits[7] = 31
    assert memory.index.scan_filtered(nothing_stored, points[:1], bits, 61, 99)[2].tolist() == [61]


def test_duplicates_are_found_by_their_own_bits():
    random = np.random.default_rng(8)
    distinct = random.normal(size=(500, 6)).astype(np.float32)
    twins = np.repeat(distinct, 4, axis=0)
    memory = MemoryIndex("l2", 6, M=8, ef_construction=60)
    memory.add(twins)
    for which in range(4):
        allowed = np.arange(2000) % 4 == which
        slots, _, counts, _, _ = search(memory, allowed, distinct[:40], ef=80)
        assert (counts == K).all() and allowed[slots].all()
        assert [row[0] // 4 for row in slots] == list(range(40))
