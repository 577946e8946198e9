"""What holds of every fusion, whatever the lists."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vdb
from vdb.fusion import fuse

ROWS = vdb.fusion.fusions()

ids = st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=12)
numbers = st.sampled_from([-3.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.5, 7.0, 12.5])


@st.composite
def ranked(draw):
    names = draw(ids)
    values = draw(st.lists(numbers, min_size=len(names), max_size=len(names)))
    return list(zip(names, sorted(values, reverse=True), strict=True))


def turned(row, lists):
    """The lists as the engine takes them: the second one of LanceDB has distances."""
    if row.name == "lancedb-linear":
        return [lists[0], [(one, -score) for one, score in lists[1]]]
    return lists


def usual(row):
    needed = row.name in ("milvus-weighted", "milvus-lite-weighted")
    return {"weights": [0.25, 0.75]} if needed else {}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@given(lists=st.tuples(ranked(), ranked()))
@settings(max_examples=40, deadline=None)
def test_hits_are_those_of_the_lists_in_order_and_their_shares_are_their_scores(row, lists):
    hits = fuse(turned(row, list(lists)), row.name, **usual(row))
    wanted = {one for each in lists for one, _ in each}
    if row.name == "chroma":
        wanted = {one for one, _ in lists[0]} & {one for one, _ in lists[1]}
    assert set(hits.ids.tolist()) == wanted and len(hits) == len(wanted)
    sign = 1 if row.direction == "lower" else -1
    # LanceDB returns one list alone as it came; Weaviate takes scores closer than 1e-7 for equal.
    if row.name != "lancedb-linear":
        assert (np.diff(sign * hits.scores.astype(float)) >= -1.1e-7).all()
    for hit in hits:
        shares = [one.share for one in hit.lists]
        assert (None in shares) == all(share is None for share in shares)
        if None not in shares:
            size = max(map(abs, shares), default=0)
            assert math.isclose(sum(shares), hit.score, rel_tol=1e-5, abs_tol=1e-6 * max(size, 1))
        for i, one in enumerate(hit.lists):
            assert (one.score is not None) == (hit.id in dict(lists[i]))


@given(lists=st.lists(ranked(), min_size=1, max_size=4), order=st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_native_fusion_does_not_see_the_order_of_lists_or_of_equal_hits(lists, order):
    expected = [(hit.id, hit.score) for hit in fuse(lists)]
    shuffled = []
    for each in lists:
        again = list(each)
        order.shuffle(again)
        shuffled.append(sorted(again, key=lambda pair: -pair[1]))
    order.shuffle(shuffled)
    assert [(hit.id, hit.score) for hit in fuse(shuffled)] == expected


@given(lists=st.lists(ranked(), min_size=1, max_size=3))
@settings(deadline=None)
def test_the_native_fusion_does_not_see_the_unit_of_the_scores(lists):
    expected = [(hit.id, hit.score) for hit in fuse(lists)]
    grown = [[(one, 3 * score + 7) for one, score in each] for each in lists]
    distances = [[(one, 100 - score) for one, score in each] for each in lists]
    assert [(hit.id, hit.score) for hit in fuse(grown)] == expected
    assert [(hit.id, hit.score) for hit in fuse(distances, direction="lower")] == expected


RANKS = [row for row in ROWS if row.enters == "ranks" and row.missing == "0"]


@pytest.mark.parametrize("row", RANKS, ids=lambda row: row.name)
@given(names=st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=2), data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_better_rank_is_not_a_worse_score(row, names, data):
    place = data.draw(st.integers(1, len(names) - 1))
    other = [("a", 1.0)]
    better = list(names)
    better[place - 1], better[place] = better[place], better[place - 1]

    def score(order):
        listed = [(one, float(len(order) - i)) for i, one in enumerate(order)]
        return {hit.id: hit.score for hit in fuse([listed, other], row.name)}[names[place]]

    assert score(better) >= score(names)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@given(lists=st.tuples(ranked(), ranked()))
@settings(max_examples=15, deadline=None)
def test_ints_and_strs_are_fused_alike(row, lists):
    numbered = [[(ord(one), score) for one, score in each] for each in lists]
    as_strs = fuse(turned(row, list(lists)), row.name, **usual(row))
    as_ints = fuse(turned(row, numbered), row.name, **usual(row))
    assert [(chr(hit.id), hit.score) for hit in as_ints] == [(hit.id, hit.score) for hit in as_strs]
