"""The benchmarks count recall as they say they do."""

import sys
from pathlib import Path

import numpy as np
import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(scope="module", autouse=True)
def _importable():
    sys.path.insert(0, str(TOOLS))
    yield
    sys.path.remove(str(TOOLS))


@pytest.fixture
def dataset():
    from benchmarks.data import Dataset

    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((200, 8)).astype(np.float32)
    vectors[150:160] = vectors[0]
    return Dataset("made", vectors, rng.standard_normal((7, 8)).astype(np.float32))


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_truth_is_what_a_plain_sort_finds(dataset, metric, tmp_path):
    from benchmarks.data import find_truth

    truth = find_truth(dataset, metric, 10, tmp_path)
    for row, query in enumerate(dataset.queries.astype(float)):
        vectors = dataset.vectors.astype(float)
        if metric == "l2":
            keys = ((vectors - query) ** 2).sum(axis=1)
        else:
            keys = -(vectors @ query)
            if metric == "cosine":
                keys /= np.linalg.norm(vectors, axis=1)
        assert np.allclose(np.sort(keys)[:10], keys[truth.ids[row]])
    again = find_truth(dataset, metric, 10, tmp_path)
    assert np.array_equal(again.ids, truth.ids)


def test_recall_forgives_ties_and_counts_nothing_twice(dataset, tmp_path):
    from benchmarks.data import Dataset, find_truth
    from benchmarks.recall import recall_of

    at_copy = Dataset("made", dataset.vectors, dataset.vectors[:1])
    truth = find_truth(at_copy, "l2", 10, tmp_path)
    copies = np.array([[0, *range(150, 159)]])
    others = np.array([[159, *range(150, 159)]])
    repeated = np.array([[0, 0, *range(150, 158)]])
    short = np.array([[0, *range(150, 158), -1]])
    assert recall_of(at_copy, "l2", truth, copies) == 1.0
    assert recall_of(at_copy, "l2", truth, others) == 1.0
    assert recall_of(at_copy, "l2", truth, repeated) == pytest.approx(0.9)
    assert recall_of(at_copy, "l2", truth, short) == pytest.approx(0.9)


def test_interleaved_rounds_take_turns():
    from benchmarks.timing import interleave

    called = []
    calls = {"a": lambda: called.append("a"), "b": lambda: called.append("b")}
    laps = interleave(calls, 3)
    assert "".join(called) == "abbaab"
    assert {name: len(found) for name, found in laps.items()} == {"a": 3, "b": 3}
