"""Searches among some slots: as many as there are, near enough, the same every time, safe."""

from __future__ import annotations

import numpy as np
import pytest

from kernel_memory import MemoryIndex, nothing_stored
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
    slots = np.flatnonzero(allowed).astype(np.uint32)
    return memory.index.search_among(nothing_stored, queries, bits, slots, k, ef, threads)


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


def test_a_scan_of_slots_is_exact_and_checks_them(points, memory):
    allowed = sides(points, 0.4)["random"]
    slots = np.flatnonzero(allowed).astype(np.uint32)
    found, _, counts = memory.index.scan_slots(nothing_stored, points[:20], slots, K, 2)
    assert (counts == K).all()
    for row, q in zip(found, points[:20], strict=True):
        assert row.tolist() == truth(points, allowed, q).tolist()
    with pytest.raises(CorruptedError, match="slot 6000 of 6000"):
        memory.index.scan_slots(nothing_stored, points[:1], np.array([1, 6000], np.uint32), 2)
    bits = np.full(750, 255, np.uint8)
    with pytest.raises(CorruptedError, match="slot 6000 of 6000"):
        memory.index.search_among(
            nothing_stored, points[:1], bits, np.array([1, 6000], np.uint32), 2, 10
        )
    with pytest.raises(ValueError, match="bits"):
        memory.index.search_among(nothing_stored, points[:1], bits[:700], slots, 2, 10)


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
