"""Maximum inner product: any lengths, any order, any history."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.kernel_memory import MemoryIndex, nothing_stored

SAMPLE = Path(__file__).parents[2] / "docs" / "sample"
LENGTHS = ["as given", "gamma", "pareto"]
DTYPES = ["float32", "float16", "int8"]


def sample(lengths: str, count: int = 1500) -> NDArray[np.float32]:
    """Vectors of the sample, or their directions stretched."""
    rows = np.load(SAMPLE / "paragraphs.f16.npy")[:count].astype(np.float64)
    if lengths == "as given":
        return rows.astype(np.float32)
    rng = np.random.default_rng(2)
    size = (len(rows), 1)
    stretched = rng.gamma(1.0, 1.0, size) if lengths == "gamma" else 1.0 + rng.pareto(2.0, size)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True) * stretched).astype(np.float32)


def sample_queries() -> NDArray[np.float32]:
    return np.load(SAMPLE / "queries.f16.npy").astype(np.float32)


def orders(rows: NDArray[np.float32]) -> dict[str, NDArray[np.int64]]:
    squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
    return {
        "random": np.random.default_rng(5).permutation(len(rows)),
        "ascending": np.argsort(squares, kind="stable"),
        "descending": np.argsort(-squares, kind="stable"),
    }


def recall(index: MemoryIndex, queries: NDArray[np.float32], k: int, ef: int) -> float:
    """By value, so that equal vectors may stand for each other."""
    _, values, counts = index.search(queries, k, ef)
    _, truth, wanted = index.scan(queries, k)
    if not wanted.any():
        return 1.0
    good = sum(
        int((found[:count] >= exact[n - 1] - 1e-9 * abs(exact[n - 1])).sum())
        for found, count, exact, n in zip(values, counts, truth, wanted, strict=True)
    )
    return good / int(wanted.sum())


def long_tailed(n: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Few vectors are many times as long as most; some have no length, some are there twice."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, dim)) * (0.05 + rng.pareto(1.2, size=(n, 1)))
    rows[rng.random(n) < 0.02] = 0
    twice = rng.random(n) < 0.05
    rows[twice] = rows[rng.integers(0, n, int(twice.sum()))]
    return rows.astype(np.float32)


def longest_norms(index: MemoryIndex) -> tuple[list[float], list[float]]:
    """Lengths of the vectors that walks begin at, and of as many that are longest indeed."""
    kept = [float(np.linalg.norm(index.rows[slot])) for slot in index.index.longest.tolist()]
    distinct = {row.tobytes(): float(np.linalg.norm(row)) for row in index.rows.values()}
    return kept, sorted(distinct.values(), reverse=True)[: len(kept)]


@pytest.mark.parametrize("lengths", LENGTHS)
def test_the_order_of_insertion_hardly_matters(lengths: str) -> None:
    rows, queries = sample(lengths), sample_queries()
    recalls = []
    for order in orders(rows).values():
        index = MemoryIndex("ip", rows.shape[1], M=16, ef_construction=100)
        for part in np.array_split(rows[order], 3):
            index.add(part)
        assert index.problems() == []
        recalls.append(recall(index, queries, 10, 100))
        assert recall(index, queries, 100, 200) >= 0.95
    assert min(recalls) >= 0.97
    assert max(recalls) - min(recalls) <= 0.02


@pytest.mark.parametrize("dtype", DTYPES)
def test_it_works_on_every_dtype_that_has_inner_product(dtype: str) -> None:
    scale = {"float32": 1.0, "float16": 1.0, "int8": 3.0}[dtype]
    rows = np.clip(long_tailed(1500, 24, 1) * scale, -120, 120).round(2)
    queries = np.random.default_rng(2).normal(size=(50, 24)) * 20
    for order in orders(rows).values():
        index = MemoryIndex("ip", 24, dtype=dtype, M=16, ef_construction=100)
        index.add(rows[order])
        assert index.problems() == []
        assert recall(index, queries, 10, 100) >= 0.97


def test_a_walk_finds_the_cluster_that_the_query_points_to() -> None:
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(400, 48))
    rows = centres[rng.integers(0, 400, 6000)] + 0.3 * rng.normal(size=(6000, 48))
    rows *= rng.lognormal(0, 0.2, size=(6000, 1))
    index = MemoryIndex("ip", 48, M=8, ef_construction=60)
    index.add(rows, threads=2)
    assert recall(index, rows[rng.integers(0, 6000, 300)], 10, 10) > 0.97


def test_walks_begin_at_the_longest_vectors_whatever_is_deleted() -> None:
    index = MemoryIndex("ip", 6, M=8, ef_construction=40)
    index.add(long_tailed(900, 6, 3))
    for _ in range(8):
        kept, longest = longest_norms(index)
        assert len(kept) >= 16
        assert kept == pytest.approx(longest)
        index.remove(index.index.longest[:25].tolist())
        assert index.problems() == []
    index.replace(list(index.rows)[:200], long_tailed(200, 6, 4))
    kept, longest = longest_norms(index)
    assert kept == pytest.approx(longest)
    index.remove(list(index.rows))
    assert index.index.longest.tolist() == []
    assert index.problems() == []


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_history_of_skewed_lengths_keeps_recall_and_reachability(data: st.DataObject) -> None:
    draw = data.draw
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    index = MemoryIndex("ip", 8, M=draw(st.sampled_from([6, 12])), ef_construction=60)
    index.add(long_tailed(300, 8, int(rng.integers(2**31))))
    for _ in range(draw(st.integers(1, 8))):
        action = draw(st.sampled_from(["add", "remove", "remove the longest", "replace"]))
        known = sorted(index.rows)
        some = rng.permutation(known)[: len(known) // 3].tolist()
        fresh = long_tailed(150, 8, int(rng.integers(2**31)))
        if action == "add":
            index.add(fresh[:120])
        elif action == "remove":
            index.remove(some)
        elif action == "replace":
            index.replace(some[:150], fresh[: len(some)])
        else:
            index.remove(sorted(known, key=lambda slot: -np.linalg.norm(index.rows[slot]))[:40])
        assert index.problems() == []
    queries = rng.normal(size=(30, 8))
    assert recall(index, queries, 10, 60) >= 0.95
    slots, _, counts = index.search(queries[:1], 5000, 5000)
    assert set(slots[0, : counts[0]].tolist()) == set(index.rows)


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_distances_are_counted_for_each_query_alone(metric: str) -> None:
    index = MemoryIndex(metric, 16, M=8, ef_construction=60)
    rows = np.random.default_rng(6).normal(size=(2000, 16))
    assert (
        index.index.count_distances(nothing_stored, rows[:2].astype(np.float32), 5, 20).sum() == 0
    )
    index.add(rows)
    queries = np.random.default_rng(8).normal(size=(40, 16)).astype(np.float32)
    few = index.index.count_distances(nothing_stored, queries, 10, 10, 1)
    many = index.index.count_distances(nothing_stored, queries, 10, 100, 1)
    assert (few >= 20).all()
    assert (few < many).all()
    assert (many < 2000).all()
    everything = index.index.count_distances(nothing_stored, queries, 10, 2000, 1)
    assert (everything >= 2000).all()
    np.testing.assert_array_equal(
        few, index.index.count_distances(nothing_stored, queries, 10, 10, 3)
    )
