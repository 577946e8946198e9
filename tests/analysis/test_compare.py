"""Metrics are compared as a person with numpy would compare them, and labels count."""

import json
from itertools import combinations

import numpy as np
import pytest

import vdb
from support import oracle
from vdb.analysis.comparison.ranking import kendall_tau_b

METRICS = ("l2", "ip", "cosine")


@pytest.fixture
def queries(crowd):
    return (crowd[:30] + np.float32(0.3)) * np.linspace(0.5, 2, 30, dtype=np.float32)[:, None]


def top(metric, q, vectors, k):
    return [found for found, _ in oracle.nearest(metric, q, range(len(vectors)), vectors, k)]


def test_agreement_is_what_numpy_says(full, crowd, queries):
    found = vdb.compare_metrics(full, queries, k=7)
    assert [(pair.a, pair.b) for pair in found.agreements] == list(combinations(METRICS, 2))
    for pair in found.agreements:
        shared, tau, same = [], [], []
        for q in queries:
            a, b = (top(metric, q, crowd, 7) for metric in (pair.a, pair.b))
            shared.append(len(set(a) & set(b)) / 7)
            same.append(a[0] == b[0])
            either = sorted({*a, *b})
            x, y = (
                oracle.values(metric, q, crowd[either]) * (-1 if metric == "l2" else 1)
                for metric in (pair.a, pair.b)
            )
            tau.append(kendall_tau_b(x, y))
        assert pair.overlap.value == pytest.approx(np.mean(shared))
        assert pair.tau.value == pytest.approx(np.nanmean(tau))
        assert pair.same_first == pytest.approx(np.mean(same))
        assert pair.overlap.low <= pair.overlap.value <= pair.overlap.high


def test_labels_are_measured_over_the_labelled_queries_only(full, crowd, queries):
    relevant = [top("cosine", q, crowd, 3) if i % 2 else None for i, q in enumerate(queries)]
    found = vdb.compare_metrics(full, queries, k=5, relevant=relevant)
    assert (found.labelled, found.unknown) == (15, 0)
    by_name = {one.metric: one for one in found.quality}
    assert by_name["cosine"].recall.value == 1
    assert by_name["cosine"].ndcg.value == pytest.approx(1)
    assert by_name["cosine"].mrr.value == 1
    assert by_name["cosine"].precision.value == pytest.approx(3 / 5)
    assert by_name["ip"].recall.value == pytest.approx(
        np.mean(
            [
                len(set(top("ip", queries[i], crowd, 5)) & set(relevant[i])) / 3
                for i in range(1, 30, 2)
            ]
        )
    )
    assert found.best == "cosine"
    assert any("cosine retrieves best" in text for text in found.findings)
    assert any("ahead of ip" in text for text in found.findings)
    assert {d.other for d in found.differences} == {"l2", "ip"}


def test_labels_may_be_a_mapping_and_ids_that_are_not_there_count_as_missed(full, crowd, queries):
    first = top("l2", queries[4], crowd, 1)
    found = vdb.compare_metrics(full, queries, relevant={4: [*first, 999_999]})
    assert (found.labelled, found.unknown) == (1, 1)
    assert found.quality[0].recall.value == 0.5


def test_vectors_of_one_length_rank_alike_and_it_is_said(db, crowd):
    unit = crowd / np.linalg.norm(crowd, axis=1, keepdims=True)
    docs = db.create_collection("unit", dim=16, metric="cosine", index=vdb.Flat())
    docs.add(range(300), unit[:300])
    found = vdb.compare_metrics(docs, crowd[300:320])
    assert found.norms.unit
    assert [pair.overlap.value for pair in found.agreements] == [1, 1, 1]
    assert all(pair.tau.value > 0.999 for pair in found.agreements)
    assert any("rank alike" in text for text in found.findings)
    assert found.disagreements == ()


def test_a_large_spread_of_lengths_lets_ip_favour_long_vectors(db, crowd):
    docs = db.create_collection("spread", dim=16, metric="ip", index=vdb.Flat())
    docs.add(range(500), crowd[:500] * np.geomspace(0.1, 10, 500, dtype=np.float32)[:, None])
    found = vdb.compare_metrics(docs, crowd[500:530])
    assert found.hit_norms[1] > 2 * found.norms.mean
    assert any("ip favours long vectors" in text for text in found.findings)


@pytest.mark.parametrize("k", [1, 4, 25])
def test_equal_records_are_ranked_by_id_in_whatever_order_they_came(db, crowd, k):
    vectors = crowd[np.arange(60) % 9]  # every vector six or seven times
    queries = crowd[100:106]
    reports = []
    for turn in range(3):
        order = np.random.default_rng(turn).permutation(60)
        docs = {}
        for metric in METRICS:
            docs[metric] = db.create_collection(f"{metric}{turn}", dim=16, metric=metric)
            docs[metric].add([f"r{i:02}" for i in order], vectors[order])
        relevant = [[f"r{i:02}", f"r{i + 9:02}"] for i in range(6)]
        reports.append(vdb.compare_metrics(docs["l2"], queries, k=k, relevant=relevant))
        found = {metric: docs[metric].search_many(queries, k, exact=True).ids for metric in METRICS}
        for pair in reports[-1].agreements:
            a, b = found[pair.a], found[pair.b]
            assert pair.same_first == np.mean([x[0] == y[0] for x, y in zip(a, b, strict=True)])
            shared = [len(set(x) & set(y)) / k for x, y in zip(a, b, strict=True)]
            assert pair.overlap.value == pytest.approx(np.mean(shared))
        for one in reports[-1].quality:
            parts = [
                len(set(ids) & set(wanted)) / 2
                for ids, wanted in zip(found[one.metric], relevant, strict=True)
            ]
            assert one.recall.value == pytest.approx(np.mean(parts))
    for other in reports[1:]:
        assert other.quality == reports[0].quality
        assert repr(other.agreements) == repr(reports[0].agreements)  # some tau are NaN


def test_a_tiny_query_is_compared_as_a_search_compares_it(db):
    docs = db.create_collection("tiny", dim=2, metric="ip")
    docs.add([1, 2, 3], [[1, 0], [0, 1], [1, 1]])
    query = np.array([2e-30, 1e-30], dtype=np.float32)
    assert docs.search(query, 3).ids.tolist() == [3, 1, 2]
    found = vdb.compare_metrics(docs, query, metrics=("ip", "l1"), k=1, relevant=[[3]])
    assert found.quality[0].recall.value == 1.0
    told = docs.explain(query, 3)
    assert (told.rank, told.value) == (1, docs.search(query, 1)[0].value)


def test_zero_vectors_have_no_cosine_and_are_left_out(db, crowd):
    docs = db.create_collection("zeros", dim=16, metric="l2", index=vdb.Flat())
    docs.add(range(20), np.vstack([np.zeros((1, 16)), crowd[:19]]))
    found = vdb.compare_metrics(docs, crowd[:5] * 1e-3, k=20)
    assert found.norms.zeros == 1
    assert any("cannot be found by cosine" in text for text in found.findings)


def test_the_queries_on_which_metrics_differ_most_come_with_texts(db, crowd, queries):
    docs = db.create_collection("texts", dim=16, metric="l2", index=vdb.Flat())
    docs.add(range(500), crowd[:500], [{"n": i, "text": f"record {i}"} for i in range(500)])
    texts = [f"query {i}" for i in range(30)]
    found = vdb.compare_metrics(docs, queries, texts=texts, relevant={0: [1]})
    overlaps = [one.overlap for one in found.disagreements]
    assert overlaps == sorted(overlaps)
    one = found.disagreements[0]
    assert one.text == f"query {one.query}"
    for first in one.firsts:
        assert first.id == top(first.metric, queries[one.query], crowd[:500], 1)[0]
        assert first.text == f"record {first.id}"
        assert first.norm == pytest.approx(np.linalg.norm(crowd[first.id]))
        assert first.relevant == (first.id == 1 if one.query == 0 else None)


def test_the_result_is_plain_data_and_repeatable(full, queries):
    found = vdb.compare_metrics(full, queries, relevant={0: [1]})
    assert json.loads(json.dumps(found.to_dict()))["metrics"] == list(METRICS)
    assert found == vdb.compare_metrics(full, queries, relevant={0: [1]}, threads=1)


def test_a_snapshot_is_compared_as_of_its_moment(db, full, queries):
    with db.snapshot() as moment:
        full.delete(range(1000))
        assert vdb.compare_metrics(moment.collection("docs"), queries).records == 2000


def test_progress_is_told(full, queries):
    seen = []
    vdb.compare_metrics(full, queries, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (30, 30)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"metrics": "l2"}, "metrics must be a sequence"),
        ({"metrics": ["l2"]}, "two or more"),
        ({"metrics": ["l2", "l2"]}, "each once"),
        ({"metrics": ["l2", "nobody"]}, "nobody"),
        ({"metrics": ["l2", "hamming"]}, "hamming"),
        ({"k": 0}, "k must"),
        ({"seed": -1}, "seed must"),
        ({"relevant": [[1]]}, "one entry for each query"),
        ({"relevant": {30: [1]}}, "query's number"),
        ({"relevant": 7}, "relevant must be"),
        ({"relevant": [1] * 30}, "put it in a list"),
        ({"relevant": [[]] * 30}, "names no record"),
        ({"relevant": [["a"]] * 30}, "none of them is in"),
        ({"texts": ["x"]}, "texts must"),
    ],
)
def test_what_cannot_be_meant_is_refused(full, queries, changes, part):
    with pytest.raises(vdb.VdbError, match=part):
        vdb.compare_metrics(full, queries, **changes)


def test_queries_that_a_metric_has_no_value_for_are_refused(full, queries):
    with pytest.raises(vdb.InvalidVectorError, match=r"queries\[3\]|queries"):
        vdb.compare_metrics(full, np.vstack([queries[:3], np.zeros((1, 16))]))
    with pytest.raises(vdb.InvalidArgumentError, match="no query"):
        vdb.compare_metrics(full, queries[:0])


def test_an_empty_collection_is_refused(collection, queries):
    with pytest.raises(vdb.InvalidArgumentError, match="no vectors"):
        vdb.compare_metrics(collection, queries)
