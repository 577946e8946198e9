"""A threshold carried over keeps what it says it keeps, counted by brute force."""

import json

import numpy as np
import pytest

import oracle
import vdb
from vdb.analysis.boundary import line_of, threshold_at
from vdb.scores.table import convention_named


@pytest.fixture
def queries(crowd):
    return crowd[:25] + np.float32(0.25)


@pytest.fixture
def docs(db, crowd):
    docs = db.create_collection("docs", dim=16, metric="cosine", index=vdb.Flat())
    docs.add(range(400), crowd[:400], [{"text": f"record {i}"} for i in range(400)])
    return docs


def inside(metric, queries, crowd, threshold):
    """All (query, record) that a native threshold lets in."""
    return {
        (q, i)
        for q, query in enumerate(queries)
        for i, value in enumerate(oracle.values(metric, query, crowd[:400]))
        if oracle.within(metric, value, threshold)
    }


@pytest.mark.parametrize("to_metric", ["ip", "l2"])
def test_the_number_of_hits_is_kept(docs, crowd, queries, to_metric):
    found = vdb.calibrate_threshold(docs, queries, threshold=0.9, to_metric=to_metric)
    before = inside("cosine", queries, crowd, 0.9)
    after = inside(to_metric, queries, crowd, found.to_threshold.value)
    assert len(after) == len(before) == found.hits == found.to_hits
    assert found.kept.hits == len(before & after)
    assert found.let_in.hits == len(after - before)
    assert found.let_out.hits == len(before - after)
    assert found.answered == len({q for q, _ in before})
    assert found.to_answered == len({q for q, _ in after})
    assert found.to_threshold.low <= found.to_threshold.value <= found.to_threshold.high
    assert not found.exact
    for one in found.let_in.examples:
        assert (one.query, one.id) in after - before
        assert one.text == f"record {one.id}"


def test_a_search_with_the_new_threshold_finds_just_those_hits(docs, crowd, queries, db):
    other = db.create_collection("other", dim=16, metric="l2", index=vdb.Flat())
    other.add(range(400), crowd[:400])
    for convention in vdb.scores.conventions("l2"):
        found = vdb.calibrate_threshold(
            docs, queries, threshold=0.9, to_metric="l2", to_scores=convention
        )
        line = found.to_threshold.value
        hits = other.search_many(queries, None, threshold=line, scores=convention)
        assert sum(hits.counts) == found.to_hits == found.hits, convention


def test_precision_is_kept_or_bettered(docs, crowd, queries):
    relevant = [
        [i for i, _ in oracle.nearest("l2", q, range(400), crowd[:400], 3)] for q in queries
    ]
    found = vdb.calibrate_threshold(
        docs, queries, threshold=0.95, to_metric="l2", keep="precision", relevant=relevant
    )
    wanted = {(q, i) for q, ids in enumerate(relevant) for i in ids}
    before = inside("cosine", queries, crowd, 0.95)
    after = inside("l2", queries, crowd, found.to_threshold.value)
    assert found.precision == pytest.approx(len(before & wanted) / len(before))
    assert found.to_precision == pytest.approx(len(after & wanted) / len(after))
    assert found.to_precision >= found.precision
    # The loosest one: with one hit more it would not be as precise, whatever further ones were.
    looser = inside("l2", queries, crowd, found.to_threshold.value * 1.05)
    assert len(looser & wanted) / len(looser) < found.precision
    assert found.let_in.relevant == len((after - before) & wanted)


def test_the_interval_is_narrower_with_more_queries(docs, crowd):
    few, many = (
        vdb.calibrate_threshold(docs, crowd[400 : 400 + n], threshold=0.9, to_metric="ip")
        for n in (8, 200)
    )
    assert few.to_threshold.high - few.to_threshold.low > (
        many.to_threshold.high - many.to_threshold.low
    )
    again = vdb.calibrate_threshold(docs, crowd[400:408], threshold=0.9, to_metric="ip", threads=1)
    assert again == few


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_within_one_metric_every_conversion_is_exact(docs, metric):
    threshold = {"l2": 1.5, "ip": 0.8, "cosine": 0.8}[metric]
    for convention in vdb.scores.conventions(metric):
        there = vdb.calibrate_threshold(
            docs, threshold=threshold, metric=metric, to_metric=metric, to_scores=convention
        )
        assert there.exact
        assert there.keep is None
        assert "exact" in there.findings[0]
        back = vdb.calibrate_threshold(
            docs,
            threshold=there.to_threshold.value,
            scores=convention,
            metric=metric,
            to_metric=metric,
        )
        assert back.to_threshold.value == pytest.approx(threshold, rel=1e-6), convention


def test_conversions_of_scores_are_those_of_vdb_scores(docs):
    found = vdb.calibrate_threshold(
        docs, threshold=0.9, scores="lucene", to_metric="cosine", to_scores="weaviate"
    )
    expected = vdb.scores.convert(0.9, metric="cosine", source="lucene", target="weaviate", dim=16)
    assert found.to_threshold.value == expected


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_a_line_is_drawn_where_the_convention_admits(metric):
    values = {"l2": [0.1, 1.0, 30.0], "ip": [0.2, 0.9, 3.0], "cosine": [-0.5, 0.1, 0.9]}[metric]
    for name in vdb.scores.conventions(metric):
        convention = convention_named(name, metric)
        for value in values:
            threshold = threshold_at(convention, value, 16)
            assert line_of(convention, threshold, 16) == pytest.approx(value, rel=1e-5, abs=1e-6)
            step = 1e-3 if metric == "l2" else -1e-3  # further away
            near, far = np.array([value - step]), np.array([value + step])
            assert convention.admits(convention.scored(near, 16), near, threshold)[0], name
            assert not convention.admits(convention.scored(far, 16), far, threshold)[0], name


def test_it_is_plain_data(docs, queries):
    found = vdb.calibrate_threshold(
        docs, queries, threshold=0.9, to_metric="ip", relevant={0: [1]}, texts=["q"] * 25
    )
    data = json.loads(json.dumps(found.to_dict()))
    assert data["to_threshold"]["value"] == found.to_threshold.value
    assert found.precision is not None


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"threshold": 1.5}, "no hit of any"),
        ({"threshold": float("nan")}, "threshold"),
        ({"keep": "recall"}, "keep must"),
        ({"keep": "precision"}, "needs relevant"),
        ({"to_metric": "hamming"}, "hamming compares vectors"),
        ({"to_metric": "nobody"}, "nobody"),
        ({"scores": "nobody"}, "scores must"),
        ({"to_scores": "nobody"}, "to_scores must"),
        ({"seed": -1}, "seed"),
        ({"texts": ["one"]}, "texts must"),
        ({"queries": None}, "queries are needed"),
        ({"queries": np.zeros((1, 16))}, "zero"),
        ({"queries": np.ones((1, 3))}, "dimensions"),
    ],
)
def test_what_cannot_be_meant_is_refused(docs, queries, changes, part):
    arguments = {"queries": queries, "threshold": 0.9, "to_metric": "ip"} | changes
    with pytest.raises(vdb.VdbError, match=part):
        vdb.calibrate_threshold(docs, arguments.pop("queries"), **arguments)


def test_an_empty_collection_is_refused(db, queries):
    empty = db.create_collection("empty", dim=16, metric="ip")
    with pytest.raises(vdb.InvalidArgumentError, match="no records"):
        vdb.calibrate_threshold(empty, queries, threshold=1, to_metric="l2")
