"""The benchmarks count recall as they say they do."""

import numpy as np
import pytest


@pytest.fixture
def dataset():
    from tools.bench.data import Dataset

    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((200, 8)).astype(np.float32)
    vectors[150:160] = vectors[0]
    return Dataset("made", vectors, rng.standard_normal((7, 8)).astype(np.float32))


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_truth_is_what_a_plain_sort_finds(dataset, metric, tmp_path):
    from tools.bench.data import find_truth

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
    from tools.bench.data import Dataset, find_truth
    from tools.bench.recall import recall_of

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
    from tools.bench.timing import interleave

    called = []
    calls = {"a": lambda: called.append("a"), "b": lambda: called.append("b")}
    laps = interleave(calls, 3)
    assert "".join(called) == "abbaab"
    assert {name: len(found) for name, found in laps.items()} == {"a": 3, "b": 3}


class Ladder:
    """An index that finds one neighbour more of ten with every ten candidates."""

    name = "ladder"

    def __init__(self, truth):
        self._truth = truth

    def search(self, queries, k, ef):
        ids = self._truth.ids[:, :k].copy()
        ids[:, min(k, ef // 10) :] = -1
        return ids, 100.0 * ef


def test_the_price_of_a_recall_lies_between_the_walks_around_it(dataset, tmp_path):
    from tools.bench.data import find_truth
    from tools.bench.mips import Walks

    truth = find_truth(dataset, "ip", 10, tmp_path)
    walks = Walks(Ladder(truth), dataset, truth)
    assert walks.at(50) == (pytest.approx(0.5), 5000.0)
    assert walks.price(0.1) == 1000.0
    assert 3000 < walks.price(0.45) < 6500
    assert walks.price(1.01) is None


def test_stretched_and_ordered_vectors_keep_their_directions(dataset):
    from tools.bench.mips import NORMS, ORDERS, ordered, stretch

    for norms in NORMS:
        stretched = stretch(dataset, norms)
        cosines = np.einsum("ij,ij->i", stretched.vectors, dataset.vectors) / (
            np.linalg.norm(stretched.vectors, axis=1) * np.linalg.norm(dataset.vectors, axis=1)
        )
        assert np.allclose(cosines, 1, atol=1e-5)
        lengths = np.linalg.norm(stretched.vectors, axis=1)
        by_order = [np.linalg.norm(ordered(stretched, order).vectors, axis=1) for order in ORDERS]
        assert np.allclose(by_order[1], np.sort(lengths))
        assert np.allclose(by_order[2], np.sort(lengths)[::-1])
        assert np.allclose(np.sort(by_order[0]), np.sort(lengths))


def test_searches_of_words_are_measured_beside_fts5(capsys, monkeypatch):
    from tools.bench import text

    options = ["--scale", "0.002", "--engines", "fts5", "--queries", "10", "--rounds", "1"]
    monkeypatch.setattr("sys.argv", ["x", *options])
    text.main()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = [line[:2] for line in lines if line[0] in {"1", "2", "3"}]
    # Whole search_text, and the kernel with and without leaving blocks out.
    ways = ("vdb", "vdb", "vdb", "fts5")
    assert rows == [[words, name] for words in "123" for name in ways] * 2
