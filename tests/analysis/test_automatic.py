"""Nobody has to know ef: small collections are scanned, large ones measure it themselves."""

import numpy as np
import pytest

import vdb
from support import oracle
from vdb.index.vectors import recall_curve


@pytest.fixture
def early(monkeypatch):
    """Collections are large from 1,000 records on."""
    monkeypatch.setattr(recall_curve, "AUTOMATIC_FROM", 1_000)


@pytest.fixture
def docs(db):
    """A graph so thin that ef matters."""
    return db.create_collection("docs", dim=16, metric="l2", index=vdb.HNSW(M=3, ef_construction=6))


@pytest.mark.usefixtures("early")
def test_a_large_collection_finds_what_it_should_with_the_default(docs, crowd):
    docs.add(range(2000), crowd)
    found = docs.info().tuning
    assert (found.source, found.records, found.k) == ("automatic", 2000, 10)
    assert found.ef == max(50, found.reaching(0.99) or 0)
    queries = crowd[:80] + np.float32(0.2)
    right = [
        oracle.recall(
            docs.search(q).ids.tolist(),
            [i for i, _ in oracle.nearest("l2", q, range(2000), crowd, 10)],
        )
        for q in queries
    ]
    assert np.mean(right) >= 0.95


@pytest.mark.usefixtures("early")
def test_it_is_measured_again_when_the_collection_has_doubled(docs, crowd):
    docs.add(range(1000), crowd[:1000])
    assert docs.info().tuning.records == 1000
    docs.add(range(1000, 1900), crowd[1000:1900])
    assert docs.info().tuning.records == 1000
    docs.upsert(range(900, 2000), crowd[900:])
    assert docs.info().tuning.records == 1000
    docs.upsert(range(2000, 3500), crowd[:1500])
    assert docs.info().tuning.records == 3500


@pytest.mark.usefixtures("early")
def test_what_somebody_has_measured_stays(docs, crowd):
    docs.add(range(500), crowd[:500])
    assert docs.info().tuning is None
    mine = docs.tune(0.9, 3)
    docs.add(range(500, 2000), crowd[500:])
    assert docs.info().tuning == mine


@pytest.mark.usefixtures("early")
def test_it_is_part_of_the_commit(db, docs, crowd):
    with pytest.raises(ZeroDivisionError), db.batch():
        docs.add(range(1500), crowd[:1500])
        assert docs.info().tuning.source == "automatic"
        raise ZeroDivisionError
    assert docs.info().tuning is None
    with db.batch():
        docs.add(range(1500), crowd[:1500])
    assert docs.info().tuning.source == "automatic"


@pytest.mark.usefixtures("early")
def test_a_rebuilt_graph_is_measured_before_it_is_used(docs, crowd):
    docs.add(range(2000), crowd)
    docs.tune(0.9)
    report = docs.rebuild(metric="cosine")
    found = docs.info().tuning
    assert (found.source, found.records) == ("automatic", 2000)
    assert found.ef == max(50, found.reaching(0.99) or 0)
    assert report.recall == docs.info().history[-1].recall
    docs.rebuild(index=vdb.Flat())
    assert docs.info().tuning is None
    docs.rebuild(index=vdb.HNSW(M=4), validate=False)
    assert docs.info().tuning is None


@pytest.mark.usefixtures("early")
def test_flat_collections_need_no_ef(db, crowd):
    docs = db.create_collection("flat", dim=16, metric="l2", index=vdb.Flat())
    docs.add(range(2000), crowd)
    assert docs.info().tuning is None


@pytest.mark.usefixtures("as_released")
class TestFew:
    def test_few_are_scanned_unless_ef_is_given(self, docs, crowd):
        docs.add(range(500), crowd[:500])
        query = crowd[700]
        hits = docs.search(query)
        assert hits.plan.strategy == "exact" and "so few" in hits.plan.reason
        assert hits.ids.tolist() == docs.search(query, exact=True).ids.tolist()
        assert docs.search_many(crowd[:5]).plan.strategy == "exact"
        assert docs.search(query, ef=5).plan.strategy == "graph"
        assert docs.recall().recall.value == 1
        docs.tune(0.8)
        assert docs.search(query).plan.strategy == "exact"
        assert docs.search(query, target_recall=0.8).plan.strategy == "graph"

    def test_more_are_searched_through_the_graph(self, docs, crowd):
        docs.add(range(2000), crowd)
        assert docs.search(crowd[0]).plan.strategy == "exact"
        docs.add([2000], crowd[:1])
        assert docs.search(crowd[0]).plan.strategy == "graph"

    def test_bits_are_scanned_for_longer(self, db):
        bits = np.random.default_rng(1).integers(0, 256, (2500, 4)).astype(np.uint8)
        docs = db.create_collection("bits", dim=32, metric="hamming", dtype="bit")
        docs.add(range(2500), bits)
        assert docs.search(bits[0]).plan.strategy == "exact"
