"""Collections with the same ids are compared as a person with numpy would compare them."""

import json
import math

import numpy as np
import pytest

import vdb
from support import oracle
from vdb.analysis.comparison.ranking import kendall_tau_b

DIM = 16


@pytest.fixture
def turn():
    """A matrix of another model: half of the numbers, mixed."""
    return np.random.default_rng(5).normal(size=(DIM, 8)).astype(np.float32)


@pytest.fixture
def ids(crowd):
    return [f"text-{i:04}" for i in range(len(crowd))]


@pytest.fixture
def queries(crowd):
    return crowd[:40] + np.float32(0.2)


@pytest.fixture
def sides(db, crowd, ids, turn):
    """The same texts by two models, the second in another order and under another metric."""
    old = db.create_collection("old", dim=DIM, metric="l2", model="large")
    old.add(ids, crowd, [{"text": f"about {one}"} for one in ids])
    new = db.create_collection("new", dim=8, metric="cosine", dtype="float16")
    order = np.random.default_rng(6).permutation(len(ids))
    new.add([ids[i] for i in order], (crowd @ turn)[order])
    return old, new


def ranked(collection, q, ids, vectors, k):
    order = sorted(range(len(ids)), key=lambda i: ids[i])
    found = oracle.nearest(collection.metric, q, [ids[i] for i in order], vectors[order], k)
    return [one for one, _ in found]


@pytest.fixture
def stored(sides, crowd, ids, turn):
    """The vectors of both, in the order of ids, as they are stored."""
    return [np.stack([r.vector for r in side.get(ids)]).astype(np.float32) for side in sides]


def test_agreement_is_what_numpy_says(sides, queries, ids, stored, turn):
    both = [queries, queries @ turn]
    report = vdb.compare_collections(sides, both, k=6)
    shared, tau, same = [], [], []
    for i in range(len(queries)):
        a, b = (
            ranked(side, q[i], ids, vectors, 6)
            for side, q, vectors in zip(sides, both, stored, strict=True)
        )
        shared.append(len(set(a) & set(b)) / 6)
        same.append(a[0] == b[0])
        rows = [ids.index(one) for one in sorted({*a, *b})]
        x = -oracle.values("l2", both[0][i], stored[0][rows])
        y = oracle.values("cosine", both[1][i], stored[1][rows])
        tau.append(kendall_tau_b(x, y))
    (pair,) = report.agreements
    assert (pair.a, pair.b) == ("old", "new")
    assert pair.overlap.value == pytest.approx(np.mean(shared))
    assert pair.same_first == pytest.approx(np.mean(same))
    assert pair.tau.value == pytest.approx(np.nanmean(tau))
    assert [(s.name, s.metric, s.model, s.dim) for s in report.sides] == [
        ("old", "l2", "large", DIM),
        ("new", "cosine", None, 8),
    ]


def test_graded_labels_weigh_and_a_record_that_one_side_lacks_counts_as_missed(
    sides, queries, ids, stored, turn
):
    old, new = sides
    relevant = {
        i: {one: 3 - place for place, one in enumerate(ranked(old, q, ids, stored[0], 3))}
        for i, q in enumerate(queries[:20])
    }
    relevant[3]["text-none"] = 2
    relevant[4]["text-0000"] = 0  # judged, and not relevant
    new.delete([max(relevant[0], key=relevant[0].get)])
    report = vdb.compare_collections(
        {"before": old, "after": new},
        {"before": queries, "after": queries @ turn},
        k=5,
        relevant=relevant,
    )
    assert (report.labelled, report.best, report.unknown) == (20, "before", (1, 2))
    before, after = report.quality
    ideal = 3 + 2 / math.log2(3) + 1 / 2
    with_missing = 3 + 2 / math.log2(3) + 2 / 2 + 1 / math.log2(5)
    assert before.ndcg.value == pytest.approx((19 + ideal / with_missing) / 20)
    assert before.recall.value == pytest.approx((19 + 3 / 4) / 20)
    assert before.mrr.value == 1
    assert after.ndcg.value < before.ndcg.value
    assert report.differences[0].certain
    assert report.findings[0].startswith("before retrieves best")
    json.dumps(report.to_dict(), allow_nan=False)


@pytest.mark.usefixtures("sides")
def test_two_databases_and_snapshots_are_compared_and_equal_ones_agree(
    db, queries, tmp_path, crowd, ids
):
    with vdb.open(tmp_path / "other.vdb") as other:
        copy = other.create_collection("old", dim=DIM, metric="l2")
        copy.add(ids[::-1], crowd[::-1])
        with db.snapshot() as moment:
            report = vdb.compare_collections([moment.collection("old"), copy], [queries] * 2, k=9)
        assert [side.name for side in report.sides] == ["old (1)", "old (2)"]
        assert report.agreements[0].overlap.value == 1
        assert report.agreements[0].tau.value == 1
        assert report.disagreements == ()
        assert report.quality == ()
        assert not other.check()


def test_equal_vectors_are_ranked_by_id_on_both_sides(db):
    same = np.ones((30, 4), np.float32)
    names = [f"r{i:02}" for i in range(30)]
    a = db.create_collection("a", dim=4, metric="l2")
    b = db.create_collection("b", dim=4, metric="ip")
    a.add(names, same)
    b.add(names[::-1], same)
    relevant = [{"r00": 2, "r01": 1}]
    report = vdb.compare_collections([a, b], [same[0], same[0]], k=2, relevant=relevant)
    assert report.agreements[0].overlap.value == 1
    assert [row.ndcg.value for row in report.quality] == [1, 1]


def test_the_queries_that_differ_most_come_with_texts_and_grades(sides, queries, turn):
    texts = [f"question {i}" for i in range(len(queries))]
    relevant = [{"text-0001": 2}] * len(queries)
    report = vdb.compare_collections(
        sides, [queries, queries @ turn], k=4, texts=texts, relevant=relevant
    )
    assert 0 < len(report.disagreements) <= 10
    overlaps = [example.overlap for example in report.disagreements]
    assert overlaps == sorted(overlaps)
    first = report.disagreements[0]
    assert first.text == f"question {first.query}"
    assert first.firsts[0].text == f"about {first.firsts[0].id}"
    assert first.firsts[0].grade in (0.0, 2.0)
    assert first.firsts[1].text is None


def test_progress_is_reported(sides, queries, turn):
    calls = []
    vdb.compare_collections(
        sides, [queries, queries @ turn], progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(40, 40)]


@pytest.mark.parametrize(
    ("collections", "count", "part"),
    [
        (lambda a, b: [a], 1, "2 to 8 collections"),
        (lambda a, b: [a, b], 1, "2 to 8 collections"),
        (lambda a, b: {"x": a, "y": b}, 2, "both be sequences, or both mappings"),
        (lambda a, b: [a, "b"], 2, "must be a collection"),
    ],
)
def test_sides_that_do_not_go_together_are_refused(sides, queries, collections, count, part):
    with pytest.raises(vdb.VdbError, match=part):
        vdb.compare_collections(collections(*sides), [queries] * count)


def test_queries_of_the_wrong_dimension_or_number_are_refused(sides, queries, turn):
    with pytest.raises(vdb.DimensionMismatchError):
        vdb.compare_collections(sides, [queries, queries])
    with pytest.raises(vdb.InvalidArgumentError, match="39 queries, and 40 for old"):
        vdb.compare_collections(sides, [queries, (queries @ turn)[1:]])


@pytest.mark.parametrize("grade", [-1, math.nan, math.inf, "3", None])
def test_a_grade_that_is_none_is_refused(sides, queries, turn, grade):
    with pytest.raises(vdb.VdbError, match=r"relevant\[0\]\['text-0001'\]"):
        vdb.compare_collections(
            sides, [queries, queries @ turn], relevant={0: {"text-0001": grade}}
        )


def test_metrics_are_compared_by_grades_too(sides, queries, ids, stored):
    old = sides[0]
    relevant = [dict(zip(ranked(old, q, ids, stored[0], 2), (2, 1), strict=True)) for q in queries]
    report = vdb.compare_metrics(old, queries, k=2, relevant=relevant)
    assert report.best == "l2"
    assert report.quality[0].ndcg.value == pytest.approx(1)
    turned = [dict(zip(one, (1, 2), strict=True)) for one in relevant]
    lower = vdb.compare_metrics(old, queries, k=2, relevant=turned).quality[0].ndcg.value
    assert lower == pytest.approx((1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3)))


def test_generations_that_share_their_vectors_are_compared_whole(sides, queries, ids, stored):
    old = sides[0]
    old.rebuild(metric="cosine", keep_previous=True)
    old.add("later", stored[0][0] * 2)
    relevant = [dict.fromkeys(ranked(old, q, ids, stored[0], 3), 1) for q in queries]
    report = vdb.compare_generations(old, queries, k=3, relevant=relevant)
    assert [(s.name, s.metric, s.records) for s in report.sides] == [
        ("previous", "l2", 2001),
        ("present", "cosine", 2001),
    ]
    by_metric = vdb.compare_metrics(old, queries, metrics=["l2", "cosine"], k=3, relevant=relevant)
    assert report.agreements[0].overlap == by_metric.agreements[0].overlap
    assert report.agreements[0].tau.value == pytest.approx(by_metric.agreements[0].tau.value)
    assert [row.ndcg for row in report.quality] == [row.ndcg for row in by_metric.quality]
    assert report.best == "present"


def test_records_that_were_written_since_are_left_out_where_vectors_differ(
    sides, queries, ids, stored, turn
):
    old = sides[0]
    old.rebuild(
        model="small",
        dim=8,
        vectors=lambda records: np.stack([stored[0][ids.index(r.id)] for r in records]) @ turn,
        keep_previous=True,
    )
    old.upsert("text-0000", np.ones(8))
    old.delete(["text-0001", "text-0002"])
    old.add("later", np.ones(8))
    report = vdb.compare_generations(old, queries @ turn, queries, k=5)
    assert [(s.name, s.model, s.dim, s.records) for s in report.sides] == [
        ("previous", "large", DIM, 1997),
        ("present", "small", 8, 1997),
    ]
    rest, vectors = ids[3:], stored[0][3:]
    shared = []
    for q in queries:
        a = [one for one, _ in oracle.nearest("l2", q, rest, vectors, 5)]
        b = [one for one, _ in oracle.nearest("l2", q @ turn, rest, vectors @ turn, 5)]
        shared.append(len(set(a) & set(b)) / 5)
    assert report.agreements[0].overlap.value == pytest.approx(np.mean(shared))


def test_without_a_kept_generation_there_is_nothing_to_compare(sides, queries):
    with pytest.raises(vdb.NotFoundError, match="keep_previous"):
        vdb.compare_generations(sides[0], queries)


def test_collections_with_ids_of_two_kinds_are_refused(db, sides, queries):
    texts = db.create_collection("texts", dim=DIM, metric="l2")
    texts.add([str(one) for one in sides[0].ids(limit=5)], np.eye(5, DIM))
    numbers = db.create_collection("numbers", dim=DIM, metric="l2")
    numbers.add(range(5), np.eye(5, DIM))
    for pair in ([texts, numbers], [numbers, texts]):
        with pytest.raises(vdb.InvalidArgumentError, match="ids are of type"):
            vdb.compare_collections(pair, [queries, queries])


def test_two_sides_without_a_shared_hit_are_not_said_to_agree(db, queries):
    sides = [db.create_collection(name, dim=DIM, metric="l2") for name in ("a", "b")]
    for first, side in zip((0, 100), sides, strict=True):
        side.add(range(first, first + 5), np.eye(5, DIM))
    findings = vdb.compare_collections(sides, [queries, queries]).findings
    assert "a and b share 0.0 of the 10 nearest" in findings[-1]
