"""The way out: hits, values, thresholds, ranges, ties; everything against brute force."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle

METRICS = ["l2", "ip", "cosine"]
INDEXES = [vdb.HNSW(M=8, ef_construction=60), vdb.Flat()]


@pytest.fixture(params=METRICS)
def metric(request):
    return request.param


@pytest.fixture(params=INDEXES, ids=["hnsw", "flat"])
def docs(request, db, crowd, metric):
    made = db.create_collection("q", dim=16, metric=metric, index=request.param)
    made.add(range(len(crowd)), crowd, [{"n": i} for i in range(len(crowd))])
    return made


@pytest.fixture
def queries(crowd):
    random = np.random.default_rng(7)
    return (crowd[::40] + 0.2 * random.normal(size=crowd[::40].shape)).astype(np.float32)


class TestNearest:
    def test_an_exact_search_is_brute_force(self, docs, crowd, queries, metric):
        for q in queries:
            hits = docs.search(q, 10, exact=True)
            truth = oracle.nearest(metric, q, range(len(crowd)), crowd, 10)
            assert [hit.id for hit in hits] == [number for number, _ in truth]
            assert hits.values == pytest.approx([value for _, value in truth], rel=1e-12)

    def test_a_search_finds_nearly_all_of_it(self, docs, crowd, queries, metric):
        many = docs.search_many(queries, 10, ef=100)
        found = [
            oracle.recall(
                hits.ids.tolist(),
                [i for i, _ in oracle.nearest(metric, q, range(len(crowd)), crowd, 10)],
            )
            for hits, q in zip(many, queries, strict=True)
        ]
        assert np.mean(found) >= 0.97

    def test_values_are_exact_and_scores_are_values(self, docs, crowd, queries, metric):
        for hits, q in zip(docs.search_many(queries, 5), queries, strict=True):
            exact = oracle.values(metric, q, crowd[hits.ids])
            assert hits.values == pytest.approx(exact, rel=1e-12, abs=1e-12)
            assert np.array_equal(hits.scores, hits.values)
            assert hits.values.dtype == np.float64
            ordered = sorted(hits.values, reverse=metric != "l2")
            assert hits.values.tolist() == ordered

    def test_one_query_and_many_agree(self, docs, queries):
        many = docs.search_many(queries, 7, ef=40)
        for q, hits in zip(queries, many, strict=True):
            assert docs.search(q, 7, ef=40) == hits

    def test_every_record_can_be_found(self, docs, metric):
        hits = docs.search(np.ones(16), 5000, ef=5000)
        assert sorted(hits.ids.tolist()) == list(range(2000))

    def test_k_beyond_the_end(self, docs, queries):
        assert len(docs.search(queries[0], 2**31 - 2, exact=True)) == 2000
        assert len(docs.search(queries[0], 1)) == 1

    def test_payloads_and_vectors_when_asked_for(self, docs, crowd, queries):
        for hit in docs.search(queries[0], 3):
            assert hit.payload == {"n": hit.id} and hit.vector is None
        for hit in docs.search(queries[0], 3, with_payloads=False, with_vectors=True):
            assert hit.payload is None
            assert np.array_equal(hit.vector, crowd[hit.id])
        for hit in docs.search_many(queries[:2], 3, with_vectors=True)[1]:
            assert np.array_equal(hit.vector, crowd[hit.id])

    def test_leaving_payloads_out_changes_nothing_else(self, docs, queries):
        full, bare = (docs.search_many(queries, 8, with_payloads=asked) for asked in (True, False))
        assert np.array_equal(full.ids, bare.ids) and np.array_equal(full.values, bare.values)
        alone = docs.search(queries[3], 8, with_payloads=False)
        assert alone == bare[3]

    def test_payloads_of_two_hits_are_never_the_same_object(self, docs, queries):
        first, second = docs.search_many(queries[[0, 0]], 1)
        first[0].payload["n"] = "changed"
        assert second[0].payload == {"n": second[0].id}


class TestTies:
    @pytest.mark.parametrize("ids", [list(range(20)), [f"{i:02}" for i in range(20)]])
    @pytest.mark.parametrize("index", INDEXES, ids=["hnsw", "flat"])
    def test_equal_values_are_ordered_by_id(self, db, ids, index, metric):
        docs = db.create_collection("t", dim=2, metric=metric, index=index)
        shuffled = list(np.random.default_rng(3).permutation(20))
        vectors = [[1.0, 0.0] if i % 2 else [0.0, 1.0] for i in shuffled]
        docs.add([ids[i] for i in shuffled], vectors)
        hits = docs.search([1.0, 0.0], 20, ef=64)
        odd = [ids[i] for i in range(20) if i % 2]
        even = [ids[i] for i in range(20) if not i % 2]
        assert [hit.id for hit in hits] == odd + even

    def test_zero_and_minus_zero_are_equal(self, db):
        docs = db.create_collection("t", dim=2, metric="ip", index=vdb.Flat())
        docs.add([3, 1, 2], [[0, 1], [-0.0, 1], [0, -1]])
        assert docs.search([1, 0], 3).ids.tolist() == [1, 2, 3]


class TestThreshold:
    def test_it_cuts_what_k_found(self, docs, crowd, queries, metric):
        for q in queries[:10]:
            hits = docs.search(q, 20, exact=True)
            bound = hits[7].value
            cut = docs.search(q, 20, exact=True, threshold=bound)
            assert cut == hits[:8]

    def test_a_range_is_everything_that_close(self, docs, crowd, queries, metric):
        for q in queries[:10]:
            values = oracle.values(metric, q, crowd)
            bound = float(np.sort(values if metric == "l2" else -values)[150])
            bound = bound if metric == "l2" else -bound
            truth = {i for i in range(2000) if oracle.within(metric, values[i], bound)}
            exact = docs.search(q, k=None, threshold=bound, exact=True)
            assert len(truth ^ set(exact.ids.tolist())) <= 1  # the bound itself may round
            found = docs.search(q, k=None, threshold=bound)
            assert set(found.ids.tolist()) <= set(exact.ids.tolist())
            assert len(found) >= 0.95 * len(exact)

    def test_a_hit_at_the_threshold_is_in(self, docs, queries):
        for q in queries[:10]:
            hits = docs.search(q, 9, exact=True)
            again = docs.search(q, k=None, threshold=hits[-1].value, exact=True)
            assert again[:9] == hits

    def test_a_range_may_be_empty_or_everything(self, docs, queries, metric):
        nothing, everything = (-1.0, 1e30) if metric == "l2" else (1e30, -1e30)
        assert len(docs.search(queries[0], k=None, threshold=nothing)) == 0
        assert len(docs.search(queries[0], k=None, threshold=everything)) == 2000
        many = docs.search_many(queries[:3], k=None, threshold=everything, with_payloads=False)
        assert many.counts.tolist() == [2000] * 3

    def test_ranges_of_many_queries_are_those_of_each(self, docs, queries, metric):
        bound = 8.0 if metric == "l2" else 0.5
        many = docs.search_many(queries[:8], k=None, threshold=bound)
        assert list(many) == [docs.search(q, k=None, threshold=bound) for q in queries[:8]]


class TestShapes:
    def test_hits_are_a_sequence(self, docs, queries):
        hits = docs.search(queries[0], 10)
        assert len(hits) == 10
        assert hits[0] == next(iter(hits)) == next(iter(hits))
        assert hits[-1] == list(hits)[-1]
        assert hits[2:4] == docs.search(queries[0], 10)[2:4]
        assert [hit.id for hit in hits[::-1]] == hits.ids[::-1].tolist()
        assert hits[0] in hits and hits.index(hits[3]) == 3
        with pytest.raises(IndexError):
            hits[10]
        assert (hits.metric, hits.convention) == (docs.metric, "native")
        assert not hits.ids.flags.writeable and not hits.values.flags.writeable

    def test_hits_say_what_they_are(self, docs, queries, metric):
        direction = "lower" if metric == "l2" else "higher"
        text = repr(docs.search(queries[0], 10))
        assert text.startswith(
            f"<Hits: 10, metric={metric}, scores=native ({direction} is closer) ["
        )
        assert "10 hits" not in repr(docs.search(queries[0], 1))
        assert f"metric={metric}" in repr(docs.search_many(queries[:2], 3))

    def test_many_hits_have_rectangular_arrays(self, docs, queries):
        many = docs.search_many(queries, 6)
        assert many.ids.shape == many.scores.shape == many.values.shape == (len(queries), 6)
        assert many.ids.dtype == np.int64
        assert many.counts.tolist() == [6] * len(queries)
        assert many[3].ids.tolist() == many.ids[3].tolist()
        assert many[1:3].ids.tolist() == many.ids[1:3].tolist()
        assert len(many) == len(queries)

    def test_short_rows_are_padded(self, docs, queries, metric):
        bound = float(docs.search(queries[0], 4, exact=True)[-1].value)
        many = docs.search_many(queries[:5], 10, exact=True, threshold=bound)
        assert many.counts[0] == 4
        width = int(many.counts.max())
        assert many.ids.shape == (5, width)
        for row in range(5):
            short = int(many.counts[row])
            assert (many.ids[row, short:] == -1).all()
            assert np.isnan(many.values[row, short:]).all()
            assert np.isnan(many.scores[row, short:]).all()

    def test_no_queries_give_no_hits(self, docs):
        many = docs.search_many(np.empty((0, 16)), 10)
        assert len(many) == 0
        assert many.ids.shape == (0, 0)
        assert repr(many).startswith("<ManyHits: 0 queries, 0 hits")
        assert len(docs.search_many([], 10)) == 0


def test_text_ids_come_as_objects(db, crowd):
    docs = db.create_collection("t", dim=16, metric="l2")
    docs.add([f"r{i}" for i in range(5)], crowd[:5])
    hits = docs.search(crowd[0], 3)
    assert hits.ids.dtype == object and hits.ids[0] == "r0" and type(hits.ids[0]) is str
    many = docs.search_many(crowd[:2], 9, threshold=1e-9)
    assert many.ids.tolist() == [["r0"], ["r1"]]


def test_an_empty_collection_answers(collection, crowd):
    assert len(collection.search(crowd[0])) == 0
    assert len(collection.search(crowd[0], k=None, threshold=1.0)) == 0
    assert len(collection.search(crowd[0], exact=True)) == 0
    many = collection.search_many(crowd[:3])
    assert many.ids.shape == (3, 0) and many.counts.tolist() == [0, 0, 0]


@pytest.mark.parametrize("index", INDEXES, ids=["hnsw", "flat"])
@pytest.mark.parametrize("metric", METRICS)
def test_one_record_is_found(db, index, metric):
    docs = db.create_collection("one", dim=3, metric=metric, index=index)
    docs.add("only", [1, 2, 2], "here")
    (hit,) = docs.search([1, 2, 2], 10)
    assert (hit.id, hit.payload) == ("only", "here")
    assert hit.value == {"l2": 0.0, "ip": 9.0, "cosine": 1.0}[metric]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"k": 0}, vdb.InvalidArgumentError, "k must be between 1"),
        ({"k": -3}, vdb.InvalidArgumentError, "k must be"),
        ({"k": 2.0}, vdb.ArgumentTypeError, "k must be an int"),
        ({"k": None}, vdb.InvalidArgumentError, "threshold"),
        ({"ef": 0}, vdb.InvalidArgumentError, "ef must be between 1"),
        ({"ef": 10**7}, vdb.InvalidArgumentError, "ef must be"),
        ({"threshold": float("nan")}, vdb.InvalidArgumentError, "threshold must be finite"),
        ({"threshold": "0.5"}, vdb.ArgumentTypeError, "threshold must be a number"),
        ({"scores": "elastic"}, vdb.InvalidArgumentError, "scores must be .*'native', .*; got"),
        ({"where": {"n": {"$is": 3}}}, vdb.InvalidFilterError, "no operator"),
        ({"where": 3}, vdb.InvalidFilterError, "expected a dict or an expression"),
    ],
)
def test_options_out_of_range_are_refused(full, crowd, options, error, text):
    with pytest.raises(error, match=text):
        full.search(crowd[0], **options)
    with pytest.raises(error, match=text):
        full.search_many(crowd[:2], **options)


def test_shapes_of_queries(full, crowd):
    with pytest.raises(vdb.InvalidArgumentError, match="search_many takes several"):
        full.search(crowd[:1])
    with pytest.raises(vdb.DimensionMismatchError, match="must have 16 dimensions"):
        full.search([1, 2, 3])
    with pytest.raises(vdb.DimensionMismatchError, match="must have 16 dimensions"):
        full.search_many([[1, 2, 3]])
    with pytest.raises(vdb.InvalidArgumentError, match=r"Q must have shape \(n, 16\)"):
        full.search_many(crowd[0])
    with pytest.raises(vdb.InvalidArgumentError, match="threads"):
        full.search_many(crowd[:2], threads=0)
    strided = np.repeat(crowd[0], 2)[::2]
    assert full.search(strided, 3) == full.search(crowd[0].astype(np.float64).tolist(), 3)


@pytest.mark.parametrize("exact", [True, False])
def test_of_equal_values_the_smallest_ids_are_found_whatever_k(db, exact):
    twins = db.create_collection("twins", dim=4, metric="l2")
    ids = list(range(500, 0, -1))
    twins.add(ids, np.ones((500, 4), np.float32))
    twins.add([0, -1], [[1, 1, 1, 2], [1, 1, 1, 1.5]])
    for k in (1, 3, 5, 100, 499, 500):
        hits = twins.search([1, 1, 1, 1], k=k, exact=exact)
        assert hits.ids.tolist() == list(range(1, k + 1))
    assert twins.search([1, 1, 1, 1], k=502, exact=exact).ids.tolist()[-2:] == [-1, 0]
    many = twins.search_many(np.ones((3, 4)), k=7, exact=exact)
    assert many.ids.tolist() == [list(range(1, 8))] * 3


def test_options_are_checked_whatever_was_searched_before(full, crowd):
    query = crowd[0]
    found = list(full.search(query, 1, exact=True, ef=1, with_payloads=True))
    for options in ({"exact": 1}, {"ef": 1.0}, {"ef": True}, {"with_payloads": 1}, {"scores": []}):
        with pytest.raises(vdb.errors.ArgumentTypeError):
            full.search(query, **{"k": 1, "exact": True, "ef": 1, "with_payloads": True, **options})
    with pytest.raises(vdb.errors.ArgumentTypeError):
        full.search(query, 1.0, exact=True, ef=1)
    assert list(full.search(query, np.int64(1), exact=True, ef=1)) == found


def test_what_was_searched_before_does_not_outlive_a_change(full, crowd):
    query = crowd[0]
    assert full.search(query, 2000, exact=True).ids.size == 2000
    full.delete(range(1000))
    assert full.search(query, 2000, exact=True).ids.size == 1000
    full.add([5000], query[None])
    assert full.search(query, 2000, exact=True).ids[0] == 5000


@pytest.mark.parametrize("codes", [None, "int8"])
@pytest.mark.parametrize("exact", [False, True])
def test_a_query_of_denormal_numbers_has_the_hits_of_its_direction(db, crowd, codes, exact):
    docs = db.create_collection("d", dim=16, metric="ip", index=vdb.HNSW(codes=codes))
    docs.add(range(500), crowd[:500])
    q = np.round(crowd[600] * 64).astype(np.float32)  # its products with a power of two are exact
    tiny = q * np.float32(2.0**-140)
    assert 0 < np.abs(tiny).max() < np.finfo(np.float32).tiny
    hits = docs.search(q, 10, exact=exact)
    for found in (docs.search(tiny, 10, exact=exact), docs.search_many([q, tiny], exact=exact)[1]):
        assert found.ids.tolist() == hits.ids.tolist()
        assert found.values == pytest.approx(hits.values * 2.0**-140, rel=1e-12, abs=0)
    where = {"n": {"$exists": False}}
    assert docs.search(tiny, 3, where=where).ids.tolist() == hits.ids.tolist()[:3]
    least = float(hits.values[4]) * 2.0**-140
    assert (
        docs.search(tiny, None, threshold=least, exact=exact).ids.tolist() == hits.ids.tolist()[:5]
    )


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_a_zero_query_has_the_smallest_ids_under_inner_product(db, dtype):
    docs = db.create_collection("d", dim=4, metric="ip", dtype=dtype, index=vdb.HNSW(M=4))
    random = np.random.default_rng(1)
    ids = random.permutation(300) - 100
    docs.add(ids, random.integers(-9, 9, (300, 4)), [{"n": int(i)} for i in ids])
    docs.delete([-100, -97])
    zero = np.zeros(4)
    assert docs.search(zero, 3).ids.tolist() == [-99, -98, -96]
    assert docs.search(zero, 3, exact=True).ids.tolist() == [-99, -98, -96]
    assert docs.search_many([[1, 0, 0, 0], zero], 3)[1].ids.tolist() == [-99, -98, -96]
    assert docs.search(zero, 3, where={"n": {"$gte": 5}}).ids.tolist() == [5, 6, 7]
    with db.batch():
        docs.upsert([-200], [zero])
        assert docs.search(zero, 2).ids.tolist() == [-200, -99]
