"""Fusions are compared with both lists alone, and thresholds carried over, as numpy says."""

import json

import numpy as np
import pytest

import vdb
from vdb.analysis.pages.fusions import fusions_page

DIM = 8
RECORDS = 300
QUERIES = 40
K = 5
FUSIONS = ["native", "weaviate-relative", "qdrant-rrf", "text:lucene"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Records of a topic each: its words and its direction both have noise of their own."""
    random = np.random.default_rng(11)
    centres = random.normal(size=(30, DIM))
    topics = random.integers(0, 30, size=RECORDS)
    vectors = centres[topics] + 0.9 * random.normal(size=(RECORDS, DIM))
    noise = random.integers(0, 30, size=(RECORDS, 6))
    texts = [
        " ".join(f"w{one}" for one in [*row, *([topic] * (1 + i % 2))])
        for i, (topic, row) in enumerate(zip(topics, noise, strict=True))
    ]
    asked = random.integers(0, 30, size=QUERIES)
    queries = centres[asked] + 0.6 * random.normal(size=(QUERIES, DIM))
    words = [f"w{topic} w{random.integers(0, 30)}" for topic in asked]
    relevant = [[f"r{i:03}" for i in np.flatnonzero(topics == topic)] for topic in asked]
    with vdb.open(tmp_path_factory.mktemp("fusions") / "study.vdb") as db:
        docs = db.create_collection("docs", dim=DIM, metric="l2", fields={"body": vdb.Text()})
        ids = [f"r{i:03}" for i in range(RECORDS)]
        docs.add(ids, vectors, [{"body": text} for text in texts])
        yield docs, queries, words, relevant
        assert list(db.check()) == []


@pytest.fixture(scope="module")
def report(study):
    docs, queries, words, relevant = study
    return vdb.compare_fusions(
        docs, queries, words, fusions=FUSIONS, k=K, relevant=relevant, text_field="body"
    )


def ranked(docs, name, q, words, k=K):
    if name.startswith("text"):
        return docs.search_text(words, k, scores=name[5:] or "native").ids.tolist()
    if name == "vector":
        return docs.search(q, k, exact=True).ids.tolist()
    hits = docs.search_hybrid(text=words, vector=q, k=k, fusion=name, exact=True)
    return hits.ids.tolist()


def ndcg(ids, relevant, k=K):
    gains = np.array([one in relevant for one in ids[:k]] + [False] * (k - len(ids[:k])), float)
    discounts = 1 / np.log2(np.arange(2, k + 2))
    return gains @ discounts / discounts[: len(relevant)].sum()


@pytest.fixture(scope="module")
def ndcgs(study):
    docs, queries, words, relevant = study
    return {
        name: np.array(
            [
                ndcg(ranked(docs, name, q, text), set(good))
                for q, text, good in zip(queries, words, relevant, strict=True)
            ]
        )
        for name in ["text", "vector", *FUSIONS]
    }


def test_quality_is_that_of_the_searches(report, ndcgs, study):
    docs, queries, words, relevant = study
    assert [row.side for row in report.quality] == ["text", "vector", *FUSIONS]
    for row in report.quality:
        assert row.ndcg.value == pytest.approx(ndcgs[row.side].mean(), abs=1e-12)
        assert row.ndcg.low <= row.ndcg.value <= row.ndcg.high
        hits = [
            set(ranked(docs, row.side, q, text)) & set(good)
            for q, text, good in zip(queries, words, relevant, strict=True)
        ]
        recall = [len(hit) / len(good) for hit, good in zip(hits, relevant, strict=True)]
        assert row.recall.value == pytest.approx(np.mean(recall), abs=1e-12)


def test_each_fusion_is_compared_with_both_lists_query_by_query(report, ndcgs):
    assert [(gain.fusion, gain.part) for gain in report.gains] == [
        (name, part) for name in FUSIONS for part in ("text", "vector")
    ]
    for gain in report.gains:
        column = ndcgs[gain.fusion] - ndcgs[gain.part]
        assert gain.ndcg.value == pytest.approx(column.mean(), abs=1e-12)
        assert (gain.better, gain.worse) == ((column > 1e-12).sum(), (column < -1e-12).sum())
        assert gain.better + gain.worse + gain.equal == QUERIES
        assert gain.certain == (gain.ndcg.low > 0 or gain.ndcg.high < 0)


def test_the_best_fusion_is_said_with_the_queries_that_it_changes(report, ndcgs):
    best = max(FUSIONS, key=lambda name: ndcgs[name].mean())
    alone = np.maximum(ndcgs["text"], ndcgs["vector"])
    gap = ndcgs[best] - alone
    assert {row.fusion for row in (*report.gained, *report.lost)} == {best}
    for rows, sign in ((report.gained, 1), (report.lost, -1)):
        own = [sign * gap[row.query] for row in rows]
        assert own == sorted(own, reverse=True)
        assert min(own) > 0 and len(rows) == min(10, (sign * gap > 1e-12).sum())
    row = report.gained[0]
    assert row.ndcg == pytest.approx(ndcgs[best][row.query])
    assert row.text_ndcg == pytest.approx(ndcgs["text"][row.query])


def test_weights_are_chosen_on_one_half_and_judged_on_the_other(report, study):
    docs, queries, words, relevant = study
    assert {one.fusion for one in report.tuned} == {"native", "weaviate-relative", "qdrant-rrf"}
    order = np.random.default_rng(0).permutation(QUERIES)
    halves = [np.sort(order[: QUERIES // 2]), np.sort(order[QUERIES // 2 :])]

    def means(share, half):
        rows = []
        for i in half.tolist():
            hits = docs.search_hybrid(
                text=words[i],
                vector=queries[i],
                k=K,
                fusion="weaviate-relative",
                weights=(1 - share, share),
                exact=True,
            )
            rows.append(ndcg(hits.ids.tolist(), set(relevant[i])))
        return np.array(rows)

    tuned = next(one for one in report.tuned if one.fusion == "weaviate-relative")
    by_share = {step / 20: means(step / 20, halves[0]).mean() for step in range(21)}
    assert by_share[tuned.weights[1]] == pytest.approx(max(by_share.values()), abs=1e-12)
    assert sum(tuned.weights) == pytest.approx(1)
    held = means(tuned.weights[1], halves[1])
    assert tuned.ndcg.value == pytest.approx(held.mean(), abs=1e-12)
    assert tuned.gain.value == pytest.approx((held - means(0.75, halves[1])).mean(), abs=1e-12)
    assert (tuned.tuned_on, tuned.held) == (20, 20)


def test_agreement_is_of_the_same_hits(report, study):
    docs, queries, words, _ = study
    pair = next(one for one in report.agreements if (one.a, one.b) == ("vector", "native"))
    shared = [
        len(set(ranked(docs, "vector", q, text)) & set(ranked(docs, "native", q, text))) / K
        for q, text in zip(queries, words, strict=True)
    ]
    assert pair.overlap.value == pytest.approx(np.mean(shared), abs=1e-12)
    first = report.disagreements[0]
    assert first.text == words[first.query]
    assert [row.side for row in first.firsts] == ["text", "vector", *FUSIONS]
    assert all(row.text and row.grade in (0, 1) for row in first.firsts if row.id is not None)


def test_what_was_compared_is_said(report):
    rows = {row.name: row for row in report.rankings}
    assert (rows["text"].fusion, rows["text"].text_scores) == ("", "native")
    assert (rows["text:lucene"].text_scores, rows["text:lucene"].vector_scores) == ("lucene", "")
    assert rows["weaviate-relative"].window == 100
    assert rows["weaviate-relative"].vector_scores == "weaviate"
    assert rows["qdrant-rrf"].window == 10 and rows["qdrant-rrf"].weights is None
    assert any("native" in sentence for sentence in report.findings)
    json.dumps(report.to_dict())


def test_a_dict_sets_what_a_search_takes(study):
    docs, queries, words, relevant = study
    entry = {"fusion": "weaviate-relative", "name": "half", "weights": (0.5, 0.5), "window": 20}
    report = vdb.compare_fusions(
        docs, queries, words, fusions=[entry], k=K, relevant=relevant, tune=True
    )
    assert report.tuned == ()
    summary = report.rankings[2]
    assert (summary.name, summary.weights, summary.window) == ("half", (0.5, 0.5), 20)
    own = [
        docs.search_hybrid(
            text=text,
            vector=q,
            k=K,
            fusion="weaviate-relative",
            weights=(0.5, 0.5),
            window=20,
            exact=True,
        ).ids.tolist()
        for q, text in zip(queries, words, strict=True)
    ]
    expected = np.mean([ndcg(ids, set(good)) for ids, good in zip(own, relevant, strict=True)])
    assert report.quality[2].ndcg.value == pytest.approx(expected, abs=1e-12)


def test_without_labels_there_is_agreement_only(study):
    docs, queries, words, _ = study
    report = vdb.compare_fusions(docs, queries[:3], words[:3], k=K)
    assert report.quality == report.gains == report.tuned == report.gained == ()
    assert report.best is None and len(report.agreements) == 6
    assert "Without labels" in report.findings[0]


def test_the_page_has_every_figure_and_loads_nothing(report):
    html = fusions_page(report)
    assert html.count("<svg") >= 7 and "http" not in html.replace("http-equiv", "")
    for gain in report.gains:
        assert str(gain.ndcg) in html
    for one in report.tuned:
        assert str(one.gain) in html
    assert report.gained[0].text in html


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fusions": []}, "one or more"),
        ({"fusions": ["nativ"]}, "did you mean 'native'"),
        ({"fusions": ["native", "native"]}, "name of its own"),
        ({"fusions": [{"weights": (1, 1)}]}, "must have the key 'fusion'"),
        ({"fusions": ["text:nothing"]}, "lucene"),
        ({"fusions": [{"fusion": "opensearch-minmax", "weights": (1, 1)}]}, "sum to 1"),
        ({"fusions": [{"fusion": "elasticsearch-rrf", "window": 2}]}, "k=5, window=2"),
        ({"texts": ["one"]}, "one entry for each"),
        ({"k": 0}, "k must be"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(study, options, message):
    docs, queries, words, _ = study
    with pytest.raises(vdb.InvalidArgumentError, match=message):
        vdb.compare_fusions(docs, queries, **{"texts": words, "k": K, **options})


def test_a_fusion_of_another_type_is_refused_by_name(study):
    docs, queries, words, _ = study
    with pytest.raises(vdb.ArgumentTypeError, match=r"fusions\[1\] must be"):
        vdb.compare_fusions(docs, queries, words, fusions=["native", 3])
    with pytest.raises(vdb.ArgumentTypeError, match="native has no parameter 'alpha'"):
        vdb.compare_fusions(docs, queries, words, fusions=[{"fusion": "native", "alpha": 1}])


# Thresholds


def within(docs, study, fusion, threshold, k):
    _, queries, words, _ = study
    return [
        {
            (i, one)
            for one in docs.search_hybrid(
                text=text, vector=q, k=k, fusion=fusion, threshold=threshold, exact=True
            ).ids.tolist()
        }
        for i, (q, text) in enumerate(zip(queries, words, strict=True))
    ]


@pytest.mark.parametrize("taker", ["qdrant-rrf", "chroma", "weaviate-relative"])
def test_a_threshold_is_carried_over_by_counting(study, taker):
    docs, queries, words, relevant = study
    line = vdb.calibrate_fusion(
        docs,
        queries,
        words,
        threshold=0.03,
        fusion="native",
        to_fusion=taker,
        k=10,
        relevant=relevant,
        text_field="body",
    )
    old = set().union(*within(docs, study, "native", 0.03, 10))
    new = set().union(*within(docs, study, taker, line.to_threshold.value, 10))
    assert (line.hits, line.to_hits) == (len(old), len(new))
    assert line.kept.hits == len(old & new)
    assert (line.let_in.hits, line.let_out.hits) == (len(new - old), len(old - new))
    good = {(i, one) for i, ids in enumerate(relevant) for one in ids}
    assert line.precision == pytest.approx(len(old & good) / len(old))
    assert line.to_precision == pytest.approx(len(new & good) / len(new))
    assert line.to_threshold.low <= line.to_threshold.value <= line.to_threshold.high
    # No other threshold comes closer to the count.
    scores = np.concatenate(
        [
            docs.search_hybrid(text=text, vector=q, k=10, fusion=taker, exact=True).scores
            for q, text in zip(queries, words, strict=True)
        ]
    )
    lower = vdb.fusion.describe(taker).direction == "lower"
    counts = [((scores <= one) if lower else (scores >= one)).sum() for one in set(scores.tolist())]
    assert abs(len(new) - len(old)) == min(abs(count - len(old)) for count in counts)
    assert all(row.value and row.query_text == words[row.query] for row in line.let_in.examples)


def test_a_threshold_of_words_is_carried_to_another_engine(study):
    docs, _, words, relevant = study
    line = vdb.calibrate_fusion(
        docs,
        texts=words,
        threshold=2.0,
        fusion="text:lucene",
        to_fusion="text:vespa",
        relevant=relevant,
        keep="precision",
    )
    old = [docs.search_text(text, 100, scores="lucene", threshold=2.0) for text in words]
    new = [
        docs.search_text(text, 100, scores="vespa", threshold=line.to_threshold.value)
        for text in words
    ]
    assert line.hits == sum(map(len, old)) and line.to_hits == sum(map(len, new))
    assert line.to_precision >= line.precision - 1e-12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 5.0}, "lets in no hit"),
        ({"queries": None}, "queries are needed"),
        ({"keep": "precision"}, "needs relevant"),
        ({"keep": "most"}, "keep must be"),
        ({"to_fusion": "qdrant"}, "qdrant-rrf"),
        ({"texts": []}, "texts must have one entry"),
    ],
)
def test_a_threshold_that_cannot_be_carried_over_is_refused(study, options, message):
    docs, queries, words, _ = study
    call = {"queries": queries, "texts": words, "threshold": 0.03, "to_fusion": "qdrant-rrf"}
    with pytest.raises(vdb.InvalidArgumentError, match=message):
        vdb.calibrate_fusion(docs, **{**call, **options})
