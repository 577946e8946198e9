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


def slow_ndcg(gains, ideal, k):
    gain = sum(g / math.log2(place + 1) for place, g in enumerate(gains, 1))
    best = sum(
        g / math.log2(place + 1) for place, g in enumerate(sorted(ideal, reverse=True)[:k], 1)
    )
    return gain / best


@given(
    st.lists(st.sampled_from([0, 0, 1, 2, 0.5]), min_size=1, max_size=20),
    st.lists(st.sampled_from([1, 2, 3]), max_size=10),
)
def test_retrieval_is_what_the_textbook_says(gains, missed):
    ideal = sorted([*(g for g in gains if g), *missed], reverse=True)
    if not ideal:
        return
    recall, precision, mrr, ndcg = retrieval(np.array(gains, dtype=float), np.array(ideal, float))
    at = [g > 0 for g in gains]
    assert recall == pytest.approx(sum(at) / len(ideal))
    assert precision == pytest.approx(sum(at) / len(at))
    assert mrr == pytest.approx(1 / (at.index(True) + 1) if any(at) else 0)
    assert ndcg == pytest.approx(slow_ndcg(gains, ideal, len(gains)))
    assert 0 <= ndcg <= 1 + 1e-12


def test_ndcg_of_grades_is_the_one_of_trec_eval():
    # Grades 3, 2, 3, 0, 1, and a further 3 and 2 that are not found.
    gains, ideal = np.array([3.0, 2, 3, 0, 1]), np.array([3.0, 3, 3, 2, 2, 1])
    dcg = 3 + 2 / math.log2(3) + 3 / 2 + 1 / math.log2(6)
    best = 3 + 3 / math.log2(3) + 3 / 2 + 2 / math.log2(5) + 2 / math.log2(6)
    assert retrieval(gains, ideal)[3] == pytest.approx(dcg / best, rel=1e-12)
    # ndcg_cut_5 of pytrec_eval-terrier 0.5.11.
    assert retrieval(gains, ideal)[3] == pytest.approx(0.76592286264237, rel=1e-12)
