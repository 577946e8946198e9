"""The promises of the graph, checked by its own verifier after everything that can happen to it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.kernel_memory import MemoryIndex, nearest_values, nothing_stored
from support.kinds import KINDS, Kind
from support.oracle import lower_is_closer

METRICS = ["l2", "ip", "cosine"]


def crowd(n: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    """Clusters of unequal size and vectors of unequal length."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(1, n // 40), dim))
    rows = centres[rng.integers(0, len(centres), n)] + 0.4 * rng.normal(size=(n, dim))
    return (rows * rng.lognormal(0, 0.4, size=(n, 1))).astype(np.float32)


def recall(index: MemoryIndex, queries: NDArray[Any], k: int = 10, ef: int = 64) -> float:
    rows = np.array(list(index.rows.values()))
    _, values, counts = index.search(queries, k, ef)
    good = 0
    for query, found, count in zip(queries, values, counts, strict=True):
        limit = nearest_values(index.metric, query, rows, k, index.dtype)[-1]
        slack = 1e-9 * abs(limit)
        near = found[:count]
        lower = lower_is_closer(index.metric)
        good += int((near <= limit + slack if lower else near >= limit - slack).sum())
    return good / (k * len(queries))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_bulk_load_is_sound_and_finds_the_nearest(kind: Kind) -> None:
    index = MemoryIndex(kind.metric, 24, dtype=kind.dtype, M=16, ef_construction=100)
    index.add(kind.stored(crowd(3000, 24)))
    assert index.problems() == []
    assert recall(index, kind.queries(crowd(100, 24, seed=1))) > 0.97


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_graph_does_not_depend_on_the_number_of_threads(kind: Kind) -> None:
    floats = crowd(1500, 24)
    floats[700:760] = floats[:60]
    rows = kind.stored(floats)
    built = []
    for threads in (1, 2, 4):
        index = MemoryIndex(kind.metric, 24, dtype=kind.dtype)
        index.add(rows[:1100], threads=threads)
        index.remove(list(range(0, 300, 3)))
        index.add(rows[1100:], threads=threads)
        built.append(index.blocks())
        assert index.problems() == []
    assert built[0] == built[1] == built[2]


def test_another_seed_makes_another_graph() -> None:
    rows = crowd(400, 8)
    first, second = MemoryIndex("l2", 8, seed=1), MemoryIndex("l2", 8, seed=2)
    first.add(rows)
    second.add(rows)
    assert first.blocks() != second.blocks()


@pytest.mark.parametrize("M", [2, 3, 5, 16, 100, 256])
def test_every_number_of_links_works(M: int) -> None:
    index = MemoryIndex("l2", 6, M=M, ef_construction=40)
    index.add(crowd(600, 6))
    index.remove(list(range(0, 600, 2)))
    assert index.problems() == []


@pytest.mark.parametrize("metric", METRICS)
def test_many_copies_of_one_vector_hide_nobody(metric: str) -> None:
    copies = np.repeat(crowd(1, 16, seed=9), 3000, axis=0)
    others = crowd(2000, 16, seed=10)
    rows = np.concatenate([copies, others])
    order = np.random.default_rng(0).permutation(len(rows))
    index = MemoryIndex(metric, 16)
    for part in np.array_split(order, 4):
        index.add(rows[part])
    assert index.problems() == []
    slots, _, _ = index.search(others, 1, 100)
    if metric != "ip":  # the largest inner product of a vector need not be with itself
        np.testing.assert_array_equal(
            np.array([index.rows[s] for s in slots[:, 0].tolist()]), others
        )
    found, values, counts = index.search(copies[:1], 3000, 100)
    assert counts[0] == 3000
    assert len(set(found[0].tolist())) == 3000
    if metric == "l2":
        assert (values[0] == 0).all()


def test_scaled_copies_under_cosine_stay_reachable() -> None:
    rng = np.random.default_rng(3)
    ray = rng.normal(size=(1, 16)) * rng.uniform(0.1, 10, size=(1500, 1))
    rows = np.concatenate([ray, rng.normal(size=(500, 16))]).astype(np.float32)
    index = MemoryIndex("cosine", 16)
    index.add(rows[rng.permutation(len(rows))])
    assert index.problems() == []


@pytest.mark.parametrize("metric", METRICS)
def test_recall_and_reachability_hold_through_rounds_of_change(metric: str) -> None:
    rng = np.random.default_rng(4)
    index = MemoryIndex(metric, 16, M=16, ef_construction=100)
    index.add(crowd(2000, 16))
    for round_ in range(10):
        slots = rng.permutation(list(index.rows))
        index.remove(slots[:400].tolist())
        index.replace(slots[400:800].tolist(), crowd(400, 16, seed=100 + round_))
        index.add(crowd(400, 16, seed=200 + round_))
        assert index.problems() == []
    assert index.index.slots == 2000  # slots are used again
    fresh = MemoryIndex(metric, 16, M=16, ef_construction=100)
    fresh.add(np.array(list(index.rows.values())))
    queries = crowd(200, 16, seed=5)
    assert recall(index, queries, ef=40) > recall(fresh, queries, ef=40) - 0.02


@pytest.mark.parametrize("metric", METRICS)
def test_from_nothing_to_nothing_and_back(metric: str) -> None:
    index = MemoryIndex(metric, 4)
    query = np.ones((1, 4), np.float32)
    assert index.search(query, 5)[2].tolist() == [0]
    assert index.scan(query, 5)[2].tolist() == [0]
    for _ in range(2):
        index.add(crowd(1, 4))
        assert index.search(query, 5)[2].tolist() == [1]
        index.remove(list(index.rows))
        assert index.search(query, 5)[2].tolist() == [0]
        assert index.problems() == []
    index.add(crowd(50, 4))
    assert index.search(query, 500, 500)[2].tolist() == [50]
    assert index.search(query, 500, 1)[2].tolist() == [1]  # no more than the walk kept
    assert index.problems() == []


def test_a_removed_representative_leaves_its_duplicates_in_place() -> None:
    index = MemoryIndex("l2", 8)
    rows = crowd(200, 8)
    rows[50:60] = rows[50]
    slots = index.add(rows)
    for gone in slots[50:59].tolist():
        index.remove([gone])
        assert index.problems() == []
        left, values, counts = index.search(rows[50:51], 1)
        assert counts[0] == 1
        assert values[0, 0] == 0
        assert left[0, 0] in index.rows


def test_results_are_sorted_with_equal_values_by_slot() -> None:
    index = MemoryIndex("l2", 4)
    rows = np.zeros((30, 4), np.float32)
    rows[:, 0] = np.arange(30) % 3
    index.add(rows)
    for search in (index.search, index.scan):
        slots, values, _ = search(np.zeros((1, 4), np.float32), 30)
        assert values[0].tolist() == [0.0] * 10 + [1.0] * 10 + [4.0] * 10
        for start in (0, 10, 20):
            assert slots[0, start : start + 10].tolist() == sorted(slots[0, start : start + 10])


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_scan_is_exact(kind: Kind) -> None:
    index = MemoryIndex(kind.metric, 16, dtype=kind.dtype)
    rows = kind.stored(crowd(500, 16))
    index.add(rows)
    queries = kind.queries(crowd(40, 16, seed=8))
    for threads in (1, 3):
        _, values, counts = index.scan(queries, 17, threads=threads)
        assert (counts == 17).all()
        for query, got in zip(queries, values, strict=True):
            best = nearest_values(kind.metric, query, rows, 17, kind.dtype)
            np.testing.assert_allclose(got, best, rtol=1e-12, atol=1e-12)


def test_long_vectors_are_found_under_inner_product_in_any_order() -> None:
    rng = np.random.default_rng(11)
    directions = rng.normal(size=(4000, 32))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    rows = (directions * (1 + rng.pareto(2.0, size=(4000, 1)))).astype(np.float32)
    norms = np.linalg.norm(rows, axis=1)
    queries = rng.normal(size=(100, 32)).astype(np.float32)
    for order in (np.arange(4000), np.argsort(norms), np.argsort(-norms)):
        index = MemoryIndex("ip", 32, M=16, ef_construction=100)
        index.add(rows[order])
        assert index.problems() == []
        assert recall(index, queries, ef=100) > 0.97


def test_a_progress_callback_can_stop_a_build() -> None:
    index = MemoryIndex("l2", 8)
    rows = crowd(2000, 8)
    slots = index.writer.allocate(nothing_stored, len(rows))
    index.writer.put(nothing_stored, slots, rows)
    seen: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if done > 500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.writer.insert(nothing_stored, slots, nodes=0, threads=2, progress=progress)
    assert seen[-1][1] == 2000
    assert 500 < seen[-1][0] < 1000


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_any_history_leaves_a_sound_graph(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    M = data.draw(st.sampled_from([2, 3, 4, 8]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    # Few distinct values: duplicates and ties everywhere.
    dim = 8 if kind.dtype == "bit" else 3
    palette = kind.stored(rng.integers(-2, 3, size=(40, dim)) + 0.5)
    index = MemoryIndex(kind.metric, dim, dtype=kind.dtype, M=M, ef_construction=8)
    for _ in range(data.draw(st.integers(1, 12))):
        action = data.draw(st.sampled_from(["add", "remove", "replace"]))
        known = sorted(index.rows)
        if action == "add" or not known:
            index.add(palette[rng.integers(0, 40, rng.integers(1, 60))])
        else:
            some = rng.permutation(known)[: rng.integers(1, len(known) + 1)].tolist()
            if action == "remove":
                index.remove(some)
            else:
                index.replace(some, palette[rng.integers(0, 40, len(some))])
        assert index.problems() == []
    slots, _, counts = index.search(palette[:1].astype(index.query_type), 1000, 1000)
    assert set(slots[0, : counts[0]].tolist()) == set(index.rows)
