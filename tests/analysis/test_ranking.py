"""Measures of rankings agree with slow implementations of their textbook definitions."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.analysis.comparison.ranking import kendall_tau_b, overlap, retrieval


def slow_tau(x, y):
    """Kendall's tau-b, pair by pair."""
    concordant = discordant = only_x = only_y = 0
    for (a, b), (c, d) in combinations(zip(x, y, strict=True), 2):
        if a == c and b == d:
            continue
        if a == c:
            only_y += 1
        elif b == d:
            only_x += 1
        elif (a < c) == (b < d):
            concordant += 1
        else:
            discordant += 1
    both = concordant + discordant
    scale = (both + only_x) * (both + only_y)
    return (concordant - discordant) / math.sqrt(scale) if scale else math.nan


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=25),
)
def test_tau_b_is_what_counting_pairs_gives(points):
    x = np.array([a for a, _ in points], dtype=float)
    y = np.array([b for _, b in points], dtype=float)
    assert kendall_tau_b(x, y) == pytest.approx(slow_tau(x, y), nan_ok=True)


def test_tau_b_of_columns_longer_than_a_stretch():
    random = np.random.default_rng(1)
    x, y = random.integers(0, 50, size=(2, 2500)).astype(float)
    assert kendall_tau_b(x, x) == pytest.approx(1)
    assert kendall_tau_b(x, -x) == pytest.approx(-1)
    part = slice(0, 300)
    assert kendall_tau_b(x[part], y[part]) == pytest.approx(slow_tau(x[part], y[part]))


def test_tau_b_of_nothing_to_order_is_nan():
    assert math.isnan(kendall_tau_b(np.zeros(5), np.arange(5.0)))
    assert math.isnan(kendall_tau_b(np.zeros(1), np.zeros(1)))


def test_overlap_is_the_shared_part_of_the_longer_list():
    a, b = np.array([1, 2, 3, 4], dtype=np.uint32), np.array([4, 9], dtype=np.uint32)
    assert overlap(a, b) == 0.25
    assert overlap(a, a) == 1
    assert overlap(a[:0], b[:0]) == 1


def slow_ndcg(at, relevant, k):
    gain = sum(1 / math.log2(place + 1) for place in range(1, k + 1) if at[place - 1])
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(k, relevant) + 1))
    return gain / ideal


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.integers(0, 10))
def test_retrieval_is_what_the_textbook_says(at, missed):
    relevant = sum(at) + missed
    if not relevant:
        return
    recall, precision, mrr, ndcg = retrieval(np.array(at), relevant)
    assert recall == pytest.approx(sum(at) / relevant)
    assert precision == pytest.approx(sum(at) / len(at))
    assert mrr == pytest.approx(1 / (at.index(True) + 1) if any(at) else 0)
    assert ndcg == pytest.approx(slow_ndcg(at, relevant, len(at)))
    assert 0 <= ndcg <= 1 + 1e-12


def test_ndcg_of_a_known_list():
    # Relevant at places 2 and 4 of 5, 3 relevant in all.
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    expected = (1 / math.log2(3) + 1 / math.log2(5)) / ideal
    at = np.array([False, True, False, True, False])
    assert retrieval(at, 3) == pytest.approx((2 / 3, 2 / 5, 1 / 2, expected))
