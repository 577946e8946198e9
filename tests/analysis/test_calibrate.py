"""A threshold carried over keeps what it says it keeps, counted by brute force."""

import json

import numpy as np
import pytest

import vdb
from support import oracle
from vdb.analysis.calibration.boundary import line_of, threshold_at, tightest
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
def test_within_one_metric_what_scores_the_value_is_converted_exactly(docs, metric):
    threshold = {"l2": 1.5, "ip": 0.8, "cosine": 0.8}[metric]
    for convention in vdb.scores.conventions(metric):
        there = vdb.calibrate_threshold(
            docs, threshold=threshold, metric=metric, to_metric=metric, to_scores=convention
        )
        rule = vdb.scores.describe(convention, metric).from_vectors
        more = rule is not None and rule.by_length
        assert there.exact == (not more)
        assert there.keep is None
        assert ("is not exact" if more else "is exact") in there.findings[0]
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


def pairs_of(docs, queries, scores, threshold):
    """All (query, record) that a search with a threshold finds."""
    found = docs.search_many(queries, None, scores=scores, threshold=threshold, exact=True)
    return {(q, i) for q, hits in enumerate(found) for i in hits.ids.tolist()}


def test_bytes_are_converted_by_the_formula_of_bytes(db):
    docs = db.create_collection("bytes", dim=8, metric="dot", dtype="int8")
    rows = np.random.default_rng(0).integers(-127, 128, size=(50, 8))
    docs.add(range(50), rows)
    given = float(docs.search(rows[3], k=3, scores="lucene").scores[2])
    for scores, value in (("native", 28260.0), ("qdrant", np.nextafter(np.float32(28260), 0))):
        found = vdb.calibrate_threshold(
            docs, rows[3:4], threshold=given, scores="lucene", to_metric="dot", to_scores=scores
        )
        assert found.exact and found.to_threshold.value == value
        assert (found.hits, found.to_hits, found.kept.hits) == (3, 3, 3)
        hits = docs.search(rows[3], k=None, scores=scores, threshold=found.to_threshold.value)
        assert len(hits) == 3
    plain = vdb.scores.convert(
        given, metric="dot", source="lucene", target="faiss", dim=8, dtype="int8"
    )
    assert plain == 28260.0


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_a_printed_score_as_threshold_keeps_its_own_hits(db, crowd, metric):
    """Strict, inclusive and rounded rules: the row at the boundary stays on its side."""
    queries = crowd[500:504] * np.float32(0.9)
    docs = db.create_collection("ties", dim=16, metric=metric, index=vdb.Flat())
    docs.add(range(240), np.repeat(crowd[:80], 3, axis=0))
    names = vdb.scores.conventions(metric)
    value = [name for name in names if not vdb.scores.describe(name, metric).near_unit]
    for giver, taker in zip(value, np.roll(value, 1).tolist(), strict=True):
        row = vdb.scores.describe(giver, metric)
        hits = docs.search(queries[2], 240, scores=giver)
        for place in (0, 30, 100):
            limit = hits.scores[place] if row.threshold_unit == "score" else hits.values[place]
            if row.threshold_unit not in ("score", "value"):
                limit = tightest(convention_named(giver, metric), limit, 16)
            found = vdb.calibrate_threshold(
                docs,
                queries,
                threshold=float(limit),
                scores=giver,
                to_metric=metric,
                to_scores=taker,
            )
            before = pairs_of(docs, queries, giver, float(limit))
            after = pairs_of(docs, queries, taker, found.to_threshold.value)
            assert found.exact
            assert (found.hits, found.to_hits) == (len(before), len(after)), (giver, taker)
            assert before == after, (giver, taker, limit)


@pytest.mark.parametrize(
    ("scores", "to_scores"),
    [
        ("native", "vespa-prenormalized-angular"),
        ("vespa-prenormalized-angular", "native"),
        ("qdrant", "vespa-prenormalized-angular"),
        ("lucene", "qdrant"),
        ("elasticsearch", "weaviate"),
    ],
)
def test_what_compares_more_than_the_value_is_measured(db, crowd, queries, scores, to_scores):
    docs = db.create_collection("lengths", dim=16, metric="cosine", index=vdb.Flat())
    vectors = crowd[:400] * np.geomspace(1e-5, 10, 400, dtype=np.float32)[:, None]
    docs.add(range(400), vectors)
    row = convention_named(scores, "cosine")
    limit = 0.9 if row.threshold_unit == "score" else threshold_at(row, 0.9, 16)
    found = vdb.calibrate_threshold(
        docs, queries, threshold=limit, scores=scores, to_metric="cosine", to_scores=to_scores
    )
    before = pairs_of(docs, queries, scores, limit)
    after = pairs_of(docs, queries, to_scores, found.to_threshold.value)
    assert not found.exact and found.keep == "count"
    assert (found.hits, found.to_hits) == (len(before), len(after))
    assert found.hits == found.to_hits and found.kept.hits == len(before & after)
    plain = vdb.calibrate_threshold(
        docs, threshold=limit, scores=scores, to_metric="cosine", to_scores=to_scores
    )
    assert not plain.exact and plain.queries == 0 and "not exact" in plain.findings[0]


def test_equal_pairs_are_all_in_or_all_out_and_counted_as_a_search_counts_them(db):
    """More ties at the line than pairs are kept in order."""
    random = np.random.default_rng(3)
    bits = random.integers(0, 2, size=(3000, 8)).astype(np.uint8)
    docs = db.create_collection("few", dim=8, metric="l2", dtype="int8", index=vdb.Flat())
    docs.add(range(3000), bits)
    other = db.create_collection("other", dim=8, metric="l1", dtype="int8", index=vdb.Flat())
    other.add(range(3000), bits)
    queries = bits[:12]
    for threshold in (0, 2):
        for scores in ("native", "faiss"):
            found = vdb.calibrate_threshold(
                docs, queries, threshold=threshold, to_metric="l1", to_scores=scores
            )
            after = pairs_of(other, queries, scores, found.to_threshold.value)
            assert found.to_hits == len(after) == found.hits, (threshold, scores)


def test_the_default_convention_is_the_collections(db, crowd):
    docs = db.create_collection("es", dim=16, metric="cosine", scores="lucene")
    docs.add(range(10), crowd[:10])
    found = vdb.calibrate_threshold(docs, threshold=0.9, to_metric="cosine")
    assert (found.scores, found.to_threshold.value) == ("lucene", pytest.approx(0.8))
    found = vdb.calibrate_threshold(docs, threshold=0.9, metric="ip", to_metric="ip")
    assert found.scores == "native"


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


@pytest.mark.parametrize("to_scores", ["faiss", "elasticsearch", "native"])
def test_a_distance_below_zero_as_threshold_goes_over_to_one_that_lets_in_nothing(db, to_scores):
    docs = db.create_collection("bits", dim=16, metric="hamming", dtype="bit")
    docs.add(range(4), np.array([[0, 0], [0, 1], [255, 0], [255, 255]], np.uint8))
    docs_scores = {"metric": "hamming", "scores": "elasticsearch"}
    found = vdb.calibrate_threshold(
        docs, threshold=-1e-6, **docs_scores, to_metric="hamming", to_scores=to_scores
    )
    hits = docs.search([0, 0], None, scores=to_scores, threshold=found.to_threshold.value)
    assert found.exact
    assert len(hits) == 0


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
    with pytest.raises(vdb.InvalidArgumentError, match="no vectors"):
        vdb.calibrate_threshold(empty, queries, threshold=1, to_metric="l2")
