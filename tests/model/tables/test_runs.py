"""A run has every hit, higher is better, and an evaluator that sorts it sees the order of hits."""

import warnings

import numpy as np
import pytest

import vdb
from vdb import scores


def crowd(db, metric="l2", ids="int", ties=False, **options):
    docs = db.create_collection("docs", dim=4, metric=metric, index=vdb.Flat(), **options)
    rng = np.random.default_rng(3)
    vectors = rng.integers(1, 3 if ties else 100, (60, 4)).astype(np.float32)
    if metric == "dot":
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    docs.add([f"d{i}" if ids == "str" else i for i in range(60)], vectors)
    return docs, vectors


def sorted_by_trec(run):
    """The order that trec_eval gives documents: by score as float32, equal ones by id, falling."""
    pairs = [(np.float32(score), key) for key, score in run.items()]
    return [key for _, key in sorted(pairs, reverse=True)]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("metric", ["l2", "ip", "cosine", "dot", "l1"])
def test_the_order_is_kept_in_every_convention(db, metric, ties):
    docs, vectors = crowd(db, metric, ties=ties)
    for convention in scores.conventions(metric):
        many = docs.search_many(vectors[:5], k=40, scores=convention)
        run = many.to_run([f"q{i}" for i in range(5)])
        assert list(run) == ["q0", "q1", "q2", "q3", "q4"]
        for hits, found in zip(many, run.values(), strict=True):
            assert list(found) == sorted_by_trec(found) == [str(hit.id) for hit in hits]
            values = list(found.values())
            assert sorted(values, reverse=True) == values
            sign = -1 if hits.direction == "lower" else 1
            close = np.allclose(values, sign * hits.scores, rtol=1e-5, atol=1e-5)
            assert close or not np.isfinite(hits.scores).all()


def test_scores_that_differ_are_given_as_they_are(db):
    docs, vectors = crowd(db, "l2", ids="str")
    hits = docs.search(vectors[0], k=20)
    assert len(set(hits.values.tolist())) == 20
    run = docs.search_many(vectors[:1], k=20).to_run()["0"]
    assert run == {hit.id: -hit.score for hit in hits}


def test_not_a_number_and_infinity_come_last_and_first():
    from vdb.model.tables.runs import scores_by_id

    ids = np.arange(5)
    numbers = np.array([np.inf, np.inf, 1.0, np.nan, np.nan])
    run = scores_by_id(ids, numbers, "higher")
    assert list(run) == sorted_by_trec(run)
    assert run["2"] == 1.0 and run["0"] > run["1"] > 2.9e38
    run = scores_by_id(ids, np.array([-np.inf, -3.0, 2.0, np.inf, np.nan]), "lower")
    assert list(run) == sorted_by_trec(run)


def test_query_ids_become_texts_and_must_differ(db):
    docs, vectors = crowd(db)
    many = docs.search_many(vectors[:2], k=1)
    assert list(many.to_run([7, 8])) == ["7", "8"]
    assert list(many.to_run(np.array(["a", "b"]))) == ["a", "b"]
    with pytest.raises(vdb.InvalidArgumentError, match="2 queries, got 1"):
        many.to_run(["a"])
    with pytest.raises(vdb.InvalidArgumentError, match="'1' is there twice"):
        many.to_run([1, "1"])
    with pytest.raises(vdb.ArgumentTypeError, match="query_ids"):
        many.to_run("ab")
    nothing = docs.search_many(vectors[:2], k=1, threshold=-1.0)
    assert nothing.to_run() == {"0": {}, "1": {}}


def test_ir_measures_and_ranx_evaluate_it(db):
    docs, vectors = crowd(db, "l2", ids="str", ties=True)
    many = docs.search_many(vectors[:6], k=10, exact=True)
    names = [f"q{i}" for i in range(6)]
    run = many.to_run(names)
    third = {name: {many[i][2].id: 1} for i, name in enumerate(names)}  # the third hit is relevant
    ir_measures = pytest.importorskip("ir_measures")
    found = ir_measures.calc_aggregate([ir_measures.RR, ir_measures.R @ 10], third, run)
    assert found[ir_measures.RR] == pytest.approx(1 / 3)
    assert found[ir_measures.R @ 10] == 1.0
    ranx = pytest.importorskip("ranx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numba, which compiles it
        found = ranx.evaluate(ranx.Qrels(third), ranx.Run(run), "mrr")
    assert found == pytest.approx(1 / 3)
