"""Scores in searches: what engines returned, thresholds, order, zero queries."""

from __future__ import annotations

import numpy as np
import pytest

import oracle
import vdb
from scores.golden import PAIRS, rows

INDEXES = [vdb.HNSW(M=8, ef_construction=60), vdb.Flat()]
PLAIN = ["l2", "ip", "cosine"]
GOLDEN = [
    row
    for row in rows()
    if row.metric != "dot" and (row.metric != "cosine" or "zero" not in row.pair)
]
OF_ZERO = [row for row in rows() if row.metric == "cosine" and row.pair == "one_zero"]
ALL = [(metric, name) for metric in PLAIN for name in vdb.scores.conventions(metric)]


@pytest.fixture(autouse=True)
def short_walks(monkeypatch):
    """Range searches begin in the graph, small as it is."""
    monkeypatch.setattr("vdb.query.ranges._FIRST_WIDTH", 128)


@pytest.fixture(scope="module")
def crowds(tmp_path_factory, crowd):
    """A collection of the crowd for each metric."""
    with vdb.open(tmp_path_factory.mktemp("scoring") / "crowds.vdb", durability="relaxed") as db:
        made = {}
        for metric in PLAIN:
            made[metric] = db.create_collection(metric, dim=16, metric=metric, index=INDEXES[0])
            made[metric].add(range(len(crowd)), crowd)
        yield made
        assert list(db.check()) == []


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """For each metric and hand-made pair a collection that holds the stored vector."""
    with vdb.open(tmp_path_factory.mktemp("pairs") / "pairs.vdb", durability="relaxed") as db:
        made = {}
        for metric, pair in sorted({(row.metric, row.pair) for row in GOLDEN}):
            made[metric, pair] = db.create_collection(
                f"{metric}-{pair}", dim=2, metric=metric, index=vdb.Flat()
            )
            made[metric, pair].add([0], [PAIRS[pair][1]])
        yield made
        assert list(db.check()) == []


def one(db, metric, vectors, *, name="one", **options):
    docs = db.create_collection(name, dim=len(vectors[0]), metric=metric, **options)
    docs.add(range(len(vectors)), vectors)
    return docs


class TestScores:
    @pytest.mark.parametrize(
        "row", GOLDEN, ids=lambda row: f"{row.convention}-{row.metric}-{row.pair}"
    )
    def test_the_hand_made_vectors_score_as_they_do_in_the_engine(self, pairs, row):
        query = PAIRS[row.pair][0]
        (hit,) = pairs[row.metric, row.pair].search(query, scores=row.convention)
        angle = 1e-3 if row.convention == "vespa-distance" else 1e-9
        assert hit.score == pytest.approx(row.score, rel=3e-6, abs=angle)

    @pytest.mark.parametrize(("metric", "name"), ALL)
    def test_a_score_is_that_of_the_value_and_in_order(self, crowds, crowd, metric, name):
        hits = crowds[metric].search(crowd[7] * 1.5, 50, scores=name)
        row = vdb.scores.describe(name, metric)
        keys = hits.scores if row.direction == "lower" else -hits.scores
        assert (np.diff(keys) >= 0).all()
        assert (hits.convention, hits.direction) == (name, row.direction)
        assert hits.scores.dtype == (np.float64 if row.precision == "float64" else np.float32)
        exact = oracle.values(metric, crowd[7] * 1.5, crowd[hits.ids])
        assert hits.values == pytest.approx(exact, rel=1e-9, abs=1e-9)
        if "prenorm" not in name:
            plain = vdb.scores.score(hits.values, metric=metric, convention=name)
            assert hits.scores == pytest.approx(
                plain, rel=3e-6, abs=1e-3 if "vespa" in name else 1e-6
            )

    def test_the_default_is_the_collections(self, db):
        docs = one(db, "l2", [[0, 0], [3, 4]], scores="elasticsearch")
        hits = docs.search([0, 0])
        assert hits.scores.tolist() == [1.0, float(np.float32(1 / 26))]
        assert docs.search([0, 0], scores="pgvector").scores.tolist() == [0.0, 5.0]
        many = docs.search_many([[0, 0], [3, 4]], threshold=4.9)
        assert many.scores.tolist() == [[1.0], [1.0]] and many.scores.dtype == np.float32

    def test_a_collection_is_not_made_with_a_convention_that_its_metric_lacks(self, db):
        with pytest.raises(vdb.InvalidArgumentError, match="scores must be a score convention"):
            db.create_collection("no", dim=2, metric="l2", scores="azure")

    def test_elasticsearch_leaves_nearly_unit_vectors_as_they_are(self, db):
        docs = one(db, "cosine", [[1.0003, 0.0], [2.0, 0.0], [1.0, 0.0]])
        hits = docs.search([1.0003, 0.0], scores="elasticsearch")
        assert hits.ids.tolist() == [0, 1, 2]
        expected = [(1 + 1.0003**2) / 2, (1 + 1.0003) / 2, (1 + 1.0003) / 2]
        assert hits.scores == pytest.approx(expected, rel=1e-6)
        assert docs.search([1.0006, 0.0], scores="elasticsearch").scores[1:] == pytest.approx(1.0)

    def test_qdrant_leaves_tiny_and_nearly_unit_vectors_as_they_are(self, db):
        docs = one(db, "cosine", [[1e-4, 2e-4], [1.0, 2.0]])
        hits = docs.search([1.0, 2.0], scores="qdrant")
        assert hits.ids.tolist() == [1, 0]
        assert hits.scores == pytest.approx([1.0, 5e-4 / np.sqrt(5)], rel=1e-6)
        assert hits.values == pytest.approx([1.0, 1.0])
        near = one(db, "cosine", [[1.0000004, 0.0]], name="near")
        assert near.search([1.0, 0.0], scores="qdrant").scores[0] == np.float32(1.0000004)

    def test_milvus_leaves_a_nearly_unit_query_as_it_is(self, db):
        docs = one(db, "cosine", [[1.0, 0.0], [2.0, 0.0]])
        assert docs.search([1.0, 0.0019], scores="milvus").scores.tolist() == [1.0, 1.0]
        assert docs.search([2.0, 0.0038], scores="milvus").scores.max() < 0.999999

    def test_vespa_prenormalized_angular_looks_at_the_query_alone(self, db):
        docs = one(db, "cosine", [[2.0, 0.5], [2.0, 4.0]])
        for name in ("vespa-prenormalized-angular", "vespa-innerproduct"):
            hits = docs.search([1, 2], scores=name)
            assert dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)) == {
                0: pytest.approx(0.7142857),
                1: 1.0,
            }
            found = docs.search([1, 2], k=None, threshold=0.4, scores=name)
            assert found.ids.tolist() == [1, 0]
            assert docs.search([1, 2], k=None, threshold=0.39, scores=name).ids.tolist() == [1]

    @pytest.mark.parametrize("metric", ["cosine", "dot"])
    def test_it_does_so_on_integers_too(self, db, metric):
        docs = db.create_collection("i", dim=2, metric=metric, dtype="int8")
        docs.add([0, 1, 2], [[2, 0], [2, 4], [-1, 1]])
        hits = docs.search([1, 2], scores="vespa-prenormalized-angular")
        assert dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)) == {
            0: pytest.approx(1 / (2 - 2 / 5)),
            1: 1.0,
            2: pytest.approx(1 / (2 - 1 / 5)),
        }
        told = docs.explain([1, 2], 0, scores="vespa-prenormalized-angular")
        assert told.score == hits.scores[hits.ids.tolist().index(0)]

    def test_sums_over_many_dimensions_stay_exact(self, db):
        random = np.random.default_rng(8)
        stored = random.normal(size=(20, 4096)).astype(np.float32)
        docs = one(db, "cosine", stored)
        for name in ("hnswlib", "qdrant", "milvus"):  # Elasticsearch's own sum of squares is not
            hits = docs.search(stored[0] + np.float32(0.1), scores=name)
            plain = vdb.scores.score(hits.values, metric="cosine", convention=name)
            assert hits.scores == pytest.approx(plain, rel=0, abs=2.5e-7)

    def test_a_crowd_of_tiny_vectors_does_not_hide_those_behind_it(self, db):
        random = np.random.default_rng(2)
        vectors = random.normal(size=(3000, 8)).astype(np.float32)
        query = random.normal(size=8).astype(np.float32)
        products = vectors @ query / np.linalg.norm(vectors, axis=1)
        vectors[np.argsort(-products)[:500]] *= np.float32(1e-5)
        docs = one(db, "cosine", vectors)
        options = {"k": None, "threshold": 0.3, "scores": "qdrant"}
        truth = docs.search(query, exact=True, **options).ids.tolist()
        assert len(truth) > 50 and docs.search(query, **options).ids.tolist() == truth


class TestOtherTypes:
    @pytest.fixture
    def small(self):
        random = np.random.default_rng(4)
        return random.integers(-128, 128, (300, 16)).astype(np.int8)

    @pytest.mark.parametrize("metric", ["l2", "ip", "cosine", "dot"])
    def test_integers_are_scored_as_numbers(self, db, small, metric):
        docs = db.create_collection("i", dim=16, metric=metric, dtype="int8", index=vdb.Flat())
        docs.add(range(300), small)
        options = {"metric": metric, "dim": 16, "dtype": "int8"}
        for name in vdb.scores.conventions(metric):
            if "prenorm" not in name:
                hits = docs.search(small[9], 20, scores=name)
                plain = vdb.scores.score(hits.values, convention=name, **options)
                assert np.array_equal(hits.scores, plain), name
        if metric == "dot":
            hits = docs.search(small[9], 3, scores="lucene")
            products = small[hits.ids].astype(int) @ small[9].astype(int)
            assert hits.scores == pytest.approx(0.5 + products / (32768 * 16), rel=1e-7)
            found = docs.search(small[9], k=None, threshold=products[1], scores="elasticsearch")
            assert found.ids.tolist() == hits.ids[:2].tolist()

    def test_bits_are_scored_by_how_many_differ(self, db):
        docs = db.create_collection("b", dim=16, metric="hamming", dtype="bit", index=vdb.Flat())
        docs.add([1, 2, 3], np.array([[0, 0], [0, 3], [255, 255]], dtype=np.uint8))
        query = np.zeros(2, dtype=np.uint8)
        for name, scores in {
            "elasticsearch": [1.0, 14 / 16, 0.0],
            "opensearch": [1.0, 1 / 3, 1 / 17],
            "vespa-distance": [0.0, 2.0, 16.0],
            "faiss": [0.0, 2.0, 16.0],
        }.items():
            assert docs.search(query, scores=name).scores == pytest.approx(scores), name
        for name, threshold, count in [
            ("elasticsearch", 2, 2),
            ("elasticsearch", 1, 1),
            ("faiss", 2, 1),
            ("vespa", 2, 2),
            ("milvus", 16, 2),
            ("milvus", 2.9, 1),  # its fraction is dropped
            ("faiss", 2.9, 2),
            ("opensearch", 0.33, 2),
        ]:
            assert len(docs.search(query, k=None, threshold=threshold, scores=name)) == count, name

    def test_halves_are_normalised_as_floats(self, db, crowd):
        docs = db.create_collection("h", dim=16, metric="cosine", dtype="float16")
        docs.add(range(50), crowd[:50])
        for name in ("elasticsearch", "hnswlib", "qdrant", "milvus"):
            hits = docs.search(crowd[3], 5, scores=name)
            plain = vdb.scores.score(hits.values, metric="cosine", convention=name)
            assert hits.scores == pytest.approx(plain, rel=1e-6, abs=1e-6)

    def test_l1_has_thresholds_too(self, db):
        docs = one(db, "l1", [[0, 1], [1, 1], [2, 1]])
        assert len(docs.search([0, 0], k=None, threshold=2, scores="faiss")) == 1
        assert len(docs.search([0, 0], k=None, threshold=2, scores="pgvector")) == 2
        found = docs.search([0, 0], 2, scores="opensearch").scores
        assert found.tolist() == [0.5, float(np.float32(1 / 3))]

    def test_a_zero_query_of_integers_follows_the_engine_too(self, db, small):
        docs = db.create_collection("z", dim=16, metric="cosine", dtype="int8")
        docs.add(range(5), small[:5])
        assert docs.search(np.zeros(16), 2, scores="vsag").scores.tolist() == [1.0, 1.0]
        with pytest.raises(vdb.InvalidVectorError, match="elasticsearch: refused"):
            docs.search(np.zeros(16), scores="elasticsearch")
        unit = db.create_collection("u", dim=2, metric="dot")
        with pytest.raises(vdb.InvalidVectorError, match="needs length 1"):
            unit.search([0, 0], scores="hnswlib")


class TestOrder:
    def test_equal_scores_are_in_the_order_of_values_then_ids(self, db):
        vectors = [[1e-5, 0], [0, 0], [2e-5, 0], [0, 0], [1, 0]]
        docs = db.create_collection("o", dim=2, metric="l2")
        docs.add([9, 8, 7, 6, 5], vectors)
        hits = docs.search([0, 0], scores="elasticsearch")
        assert hits.scores.tolist() == [1.0, 1.0, 1.0, 1.0, 0.5]
        assert hits.ids.tolist() == [6, 8, 9, 7, 5]


class TestThreshold:
    @pytest.mark.parametrize(("metric", "name"), ALL)
    def test_at_a_score_just_returned_the_boundary_is_the_engines(
        self, crowds, crowd, metric, name
    ):
        docs = crowds[metric]
        q = crowd[11] * np.float32(0.7)
        row = vdb.scores.describe(name, metric)
        hits = docs.search(q, 40, scores=name, exact=True)
        for place in (1, 9, 25):
            bound = in_its_unit(row, float(hits.scores[place]), float(hits.values[place]))
            if bound is None:
                continue
            found = docs.search(q, k=None, scores=name, threshold=bound, with_payloads=False)
            closer = hits.scores < hits.scores[place]
            closer = closer if row.direction == "lower" else hits.scores > hits.scores[place]
            assert set(hits.ids[closer].tolist()) <= set(found.ids.tolist())
            assert (hits.ids[place] in found.ids) == (row.threshold == "inclusive"), bound
            cut = docs.search(q, 40, scores=name, threshold=bound, exact=True)
            assert cut.ids.tolist() == [i for i in hits.ids.tolist() if i in found.ids]

    @pytest.mark.parametrize("name", ["vsag", "redis"])
    def test_inner_products_above_one_can_be_asked_for(self, crowds, crowd, name):
        docs = crowds["ip"]
        found = docs.search(crowd[3], k=None, threshold=-4.0, scores=name)
        truth = oracle.values("ip", crowd[3], crowd) >= 5.0
        assert set(found.ids.tolist()) == set(np.flatnonzero(truth).tolist())
        assert (found.scores <= -4).all() and len(found) > 3

    def test_elasticsearch_compares_the_norm_not_its_square(self, db):
        docs = one(db, "l2", [[1, 0], [2, 0], [3, 0]])
        for bound in (2.0, -2.0):
            found = docs.search([0, 0], k=None, threshold=bound, scores="elasticsearch")
            assert found.ids.tolist() == [0, 1]
        found = docs.search([0, 0], k=None, threshold=4.0, scores="faiss")
        assert found.ids.tolist() == [0]
        assert len(docs.search([0, 0], k=None, threshold=-2.0, scores="faiss")) == 0
        assert docs.search([0, 0], k=None, threshold=-2.0, scores="vespa").ids.tolist() == [0, 1]

    @pytest.mark.parametrize("metric", PLAIN)
    def test_a_value_just_returned_is_within_elasticsearchs_similarity(self, crowds, crowd, metric):
        hits = crowds[metric].search(crowd[20] * 1.3, 60, scores="elasticsearch", exact=True)
        for place, value in enumerate(hits.values.tolist()):
            bound = np.sqrt(value) if metric == "l2" else value
            for given in (bound, np.float32(bound)):
                found = crowds[metric].search(
                    crowd[20] * 1.3, 60, scores="elasticsearch", exact=True, threshold=given
                )
                assert hits.ids[place] in found.ids
                assert abs(len(found) - place - 1) <= 1

    def test_zvec_ignores_a_radius_of_zero_or_less(self, db):
        docs = one(db, "l2", [[1, 0], [2, 0], [3, 0]])
        assert len(docs.search([0, 0], k=None, threshold=0.0, scores="zvec")) == 3
        assert len(docs.search([0, 0], k=2, threshold=-1.0, scores="zvec")) == 2
        assert docs.search([0, 0], k=None, threshold=4.0, scores="zvec").ids.tolist() == [0, 1]

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
    def test_a_threshold_beyond_float32_is_compared_in_silence(self, db, metric):
        docs = db.create_collection("huge", dim=2, metric=metric)
        docs.add([1, 2], [[1, 0], [0, 1]])
        for name in vdb.scores.conventions(metric):
            for bound in (3.5e38, 1e300):
                try:
                    found = docs.search([1, 0], threshold=bound, scores=name)
                except vdb.InvalidArgumentError:  # the engine refuses it
                    continue
                assert len(found) in (0, 2), name

    def test_weaviate_is_generous_by_a_millionth(self, db):
        docs = one(db, "l2", [[0.5, 0], [2, 0]])
        for bound, found in ((0.25, 1), (0.2499995, 1), (0.249998, 0)):
            assert len(docs.search([0, 0], k=None, threshold=bound, scores="weaviate")) == found

    def test_vespa_compares_its_distance_whichever_score_is_returned(self, db):
        docs = one(db, "cosine", [[1, 0], [1, 1], [0, 1], [-1, 0]])
        for name in ("vespa", "vespa-distance"):
            for bound, found in ((-1, 1), (0, 1), (0.8, 2), (1.6, 3), (9, 4)):
                assert len(docs.search([1, 0], k=None, threshold=bound, scores=name)) == found

    @pytest.mark.parametrize(
        ("name", "metric", "threshold", "rule"),
        [
            ("opensearch", "cosine", 1.5, "between 0 and 1"),
            ("opensearch", "l2", -0.1, "between 0 and 1"),
            ("opensearch", "ip", -0.1, "at least 0"),
            ("redis-vset", "cosine", 0.0, "above 0"),
        ],
    )
    def test_what_the_engine_refuses_is_refused(self, crowds, name, metric, threshold, rule):
        with pytest.raises(vdb.InvalidArgumentError, match=f"{rule} .*the engine's rule"):
            crowds[metric].search(np.ones(16), threshold=threshold, scores=name)

    def test_opensearch_takes_more_than_one_for_inner_products(self, crowds, crowd):
        found = crowds["ip"].search(crowd[3], k=None, threshold=6.0, scores="opensearch")
        assert len(found) == (oracle.values("ip", crowd[3], crowd) >= 5.0).sum()


def in_its_unit(row, score, value):
    """A score as the engine's own threshold parameter has it; None where rounding decides."""
    name, metric = row.name, row.metric
    if name == "elasticsearch":
        return None if metric == "l2" else value if metric == "ip" else 2 * score - 1
    if name == "vespa":
        return -score if metric == "ip" else 1 / score - 1
    if name == "vespa-prenormalized-angular":
        return None
    return 1 - score if name == "redis-vset" else score


class TestZeroQueries:
    @pytest.mark.parametrize("index", INDEXES, ids=["hnsw", "flat"])
    @pytest.mark.parametrize("row", OF_ZERO, ids=lambda row: row.convention)
    def test_a_zero_query_gives_what_the_engine_gives(self, db, row, index):
        docs = db.create_collection("z", dim=2, metric="cosine", index=index, scores=row.convention)
        docs.add([5, 3, 4], [[1, 2], [2, 1], [-1, 0]], ["a", "b", "c"])
        if row.score is None or row.convention == "lucene":
            if row.convention == "lancedb":
                assert len(docs.search([0, 0])) == 0
                return
            with pytest.raises(vdb.InvalidVectorError, match=rf"q is zero.*{row.convention}: "):
                docs.search([0, 0])
            return
        hits = docs.search([0, 0], 2)
        assert hits.ids.tolist() == [3, 4] and [hit.payload for hit in hits] == ["b", "c"]
        assert hits.scores == pytest.approx([row.score] * 2, rel=3e-6, nan_ok=True)
        if not np.isnan(row.score):
            assert hits.values.tolist() == [0.0, 0.0]
        elif row.convention != "native":
            assert len(docs.search([0, 0], k=None, threshold=1e9)) == 0

    def test_among_others_it_keeps_its_place(self, db):
        docs = one(db, "cosine", [[1, 0], [0, 1]], scores="hnswlib")
        many = docs.search_many([[1, 0], [0, 0], [0, 2]], 1, with_payloads=False)
        assert many.ids.tolist() == [[0], [0], [1]]
        assert many.scores.tolist() == [[0.0], [1.0], [0.0]]
        assert docs.search_many([[0, 0]], k=None, threshold=0.5).counts.tolist() == [0]
        with pytest.raises(vdb.InvalidVectorError, match=r"Q\[1\] is zero"):
            docs.search_many([[1, 0], [0, 0]], scores="native")
        with pytest.raises(vdb.InvalidVectorError, match="too short"):
            docs.search([1e-20, 0])
        with pytest.raises(vdb.InvalidVectorError, match="NaN"):
            docs.search([np.nan, 0])

    def test_pinecone_refuses_one_under_every_metric(self, db):
        docs = one(db, "l2", [[1, 0]])
        with pytest.raises(vdb.InvalidVectorError, match="pinecone: refused: Dense vectors"):
            docs.search([0, 0], scores="pinecone")

    def test_zero_vectors_are_not_stored_whatever_the_convention(self, db):
        docs = db.create_collection("z", dim=2, metric="cosine", scores="hnswlib")
        with pytest.raises(vdb.InvalidVectorError, match="is zero"):
            docs.add([1], [[0, 0]])

    def test_natively_a_zero_query_is_refused(self, db):
        with pytest.raises(vdb.InvalidVectorError, match=r"no meaning$"):
            one(db, "cosine", [[1, 0]]).search([0, 0])
