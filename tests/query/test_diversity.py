"""`search(diversity=)` against maximal marginal relevance written out in numpy."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle
from support.kinds import KINDS


def assert_chosen_by_mmr(kind, q, ids, rows, chosen, *, k, diversity, candidates):
    """Each hit is the one that MMR chooses after those before it, written out sum by sum."""
    sign = -1 if oracle.lower_is_closer(kind.metric) else 1
    best = oracle.nearest(kind.metric, q, ids, rows, candidates, dtype=kind.dtype)
    by_id = dict(zip(ids, rows, strict=True))
    rest = {i: sign * value for i, value in best}
    penalty = dict.fromkeys(rest, 0.0)
    assert len(chosen) == min(k, len(rest))
    for number, one in enumerate(chosen):
        worths = {i: (1 - diversity) * rest[i] - diversity * penalty[i] for i in rest}
        top = max(worths.values())
        # Sums in another order differ in the last digits.
        assert worths[one] >= top - 1e-9 * max(1.0, abs(top))
        del rest[one]
        for i in rest:
            same = sign * oracle.values(kind.metric, by_id[one], by_id[i][None], kind.dtype)[0]
            penalty[i] = max(penalty[i], same) if number else same


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_hits_are_chosen_as_the_formula_says(db, kind):
    random = np.random.default_rng(2)
    centres = random.normal(size=(12, 16))
    floats = centres[random.integers(0, 12, 300)] + 0.3 * random.normal(size=(300, 16))
    rows = kind.stored(floats)
    ids = random.permutation(300).tolist()
    docs = db.create_collection(
        "docs", dim=16, metric=kind.metric, dtype=kind.dtype, index=vdb.Flat()
    )
    docs.add(ids, rows)
    for q in kind.queries(random.normal(size=(2, 16))):
        plain = docs.search(q, 60)
        scores = dict(zip(plain.ids.tolist(), plain.scores.tolist(), strict=True))
        for diversity in (0.0, 0.3, 0.5, 0.8, 1.0):
            for k, given, candidates in ((6, None, 30), (6, 60, 60), (10, 10, 10), (40, 60, 60)):
                hits = docs.search(q, k, diversity=diversity, candidates=given)
                chosen = hits.ids.tolist()
                assert_chosen_by_mmr(
                    kind, q, ids, rows, chosen,
                    k=k, diversity=diversity, candidates=candidates,
                )  # fmt: skip
                if k < 40:
                    assert hits.scores.tolist() == [scores[i] for i in chosen]
        assert docs.search(q, 8, diversity=0) == plain[:8]
        assert docs.search(q, 8, diversity=1.0)[0] == plain[0]


def test_copies_of_one_text_are_shown_once(db, crowd):
    docs = db.create_collection("docs", dim=16, metric="cosine")
    docs.add(
        range(100), np.repeat(crowd[:10], 10, axis=0), [{"group": i // 10} for i in range(100)]
    )
    hits = docs.search(crowd[0], 10, diversity=1, candidates=100)
    assert sorted(hit.payload["group"] for hit in hits) == list(range(10))


def test_it_goes_with_filters_thresholds_scores_and_vectors(full, crowd):
    q = crowd[7] + 0.01
    options = {"where": {"n": {"$gte": 1000}}, "threshold": 20.0, "exact": True, "scores": "faiss"}
    pool = full.search(q, 50, **options)
    hits = full.search(q, 10, diversity=0.6, candidates=50, with_vectors=True, **options)
    assert set(hits.ids.tolist()) < set(pool.ids.tolist())
    assert hits.convention == pool.convention and hits.plan.matches == 1000
    for hit in hits:
        assert hit.id >= 1000 and hit.payload == {"n": hit.id}
        assert np.array_equal(hit.vector, crowd[hit.id])
    assert hits == full.search(q, 10, diversity=0.6, candidates=50, with_vectors=True, **options)
    assert len(full.search(q, 10, diversity=0.6, where={"n": -1})) == 0
    assert len(full.search(q, 10, diversity=0.6, where={"n": {"$lt": 4}})) == 4


def test_in_a_batch_and_in_a_snapshot(db, full, crowd):
    with db.snapshot() as moment, db.batch():
        full.add(9000, crowd[3])
        mine = full.search(crowd[3], 5, diversity=0.9, exact=True)
        assert 9000 in full.search(crowd[3], 5, exact=True).ids
        theirs = moment.collection("docs").search(crowd[3], 5, diversity=0.9, exact=True)
        assert mine[0].id == theirs[0].id == 3


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"diversity": 1.1}, vdb.InvalidArgumentError, "diversity must be between 0 and 1, got"),
        ({"diversity": -0.1}, vdb.InvalidArgumentError, "diversity must be between 0 and 1"),
        ({"diversity": "a"}, vdb.ArgumentTypeError, "diversity must be a number"),
        ({"diversity": True}, vdb.ArgumentTypeError, "diversity must be a number"),
        ({"diversity": 0.5, "candidates": 5}, vdb.InvalidArgumentError, "candidates must be betw"),
        ({"diversity": 0.5, "k": None, "threshold": 1.0}, vdb.InvalidArgumentError, "got k=None"),
        ({"candidates": 50}, vdb.InvalidArgumentError, "candidates belongs to diversity="),
        ({"diversity": 0.5, "offset": 3}, vdb.InvalidArgumentError, "offset and diversity do not"),
        ({"diversity": 0.5, "group_by": "n"}, vdb.InvalidArgumentError, "do not go together"),
    ],
)
def test_what_cannot_be_meant_is_refused(full, crowd, options, error, text):
    with pytest.raises(error, match=text):
        full.search(crowd[0], **options)
