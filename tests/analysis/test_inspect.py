"""An inspection counts what was put in."""

import json

import numpy as np
import pytest

import vdb
from support import oracle
from support.stopped import StopError, stop_in


@pytest.fixture
def docs(db, crowd):
    docs = db.create_collection("mine", dim=16, metric="l2", index=vdb.HNSW(M=4))
    vectors = np.vstack([crowd[:600], crowd[:5], crowd[:1]])
    docs.add(range(606), vectors, [{"n": i} for i in range(606)])
    docs.delete(range(100, 150))
    return docs


def test_counts_lengths_and_graph(docs, crowd):
    found = docs.inspect()
    assert found.info == docs.info()
    assert (found.nodes, found.duplicates, found.duplicate_groups) == (550, 6, 5)
    assert found.reached + 0 == 556
    lengths = np.linalg.norm([record.vector.astype(float) for record in docs.scan()], axis=1)
    assert found.norms.count == 556
    assert found.norms.median == pytest.approx(np.median(lengths), rel=1e-6)
    assert sum(found.norm_histogram.counts) == 556
    assert len(found.norm_histogram.edges) == len(found.norm_histogram.counts) + 1
    for level in found.levels:
        assert sum(level.out_degrees) == sum(level.in_degrees) == level.nodes
        assert level.capacity == (8 if level.level == 0 else 4)
        assert level.max_degree <= level.capacity
        assert 0 <= level.full <= 1
        total = sum(links * nodes for links, nodes in enumerate(level.out_degrees))
        assert level.mean_degree == pytest.approx(total / level.nodes)


def test_blocks_and_bytes(docs):
    found = docs.inspect()
    vectors = found.blocks[0]
    assert (vectors.kind, vectors.used, vectors.blocks) == ("vectors", 556, 1)
    assert 0 < vectors.fill <= 1
    assert found.bytes["vectors"] == vectors.bytes == 65520
    assert found.bytes["links"] == sum(use.bytes for use in found.blocks if use.kind == "links")
    assert found.bytes["ids"] >= 556 * 13
    assert found.bytes["records"] > 0
    assert found.file.bytes >= found.file.used_bytes > sum(found.bytes.values())
    assert found.file.readers == 0  # the inspection itself does not count
    assert 0 <= found.file.fragmentation < 1


def test_generations_that_are_not_in_use_count_too(docs, monkeypatch):
    assert docs.inspect().beside == ()
    docs.rebuild("ip", keep_previous=True)
    (kept,) = docs.inspect().beside
    assert (kept.generation, kept.role, kept.metric, kept.dtype) == (1, "kept", "l2", "float32")
    links = kept.bytes
    assert kept.blocks > 0 and links == docs.inspect().bytes["links"]
    docs.rebuild(dtype="float16", keep_previous=True)
    (kept,) = docs.inspect().beside
    assert (kept.generation, kept.bytes) == (2, links + 65520)  # vectors, of its own now
    monkeypatch.setattr("vdb.maintenance.rebuild.operations._remove_retired", lambda _: None)
    monkeypatch.setattr("vdb.store.generations.REMOVED_BY_OTHERS", 1)
    with pytest.raises(StopError):
        docs.rebuild("l2", progress=stop_in("validating"))
    docs.drop_previous()
    found = docs.inspect()
    roles = {other.generation: other.role for other in found.beside}
    assert roles[4] == "being built" and roles[2] == "over"
    assert found.bytes["other generations"] == sum(other.bytes for other in found.beside) > 0
    assert json.loads(json.dumps(found.to_dict()))["beside"][0]["role"] == "being built"


def test_an_old_reader_shows(db, docs):
    with db.snapshot():
        for n in range(3):
            docs.add(1000 + n, np.ones(16))
        assert docs.inspect().file.reader_lag == 3
    assert docs.inspect().file.reader_lag == 0


def test_a_record_with_its_neighbours(docs, crowd):
    found = docs.inspect_record(42)
    assert (found.id, found.payload, found.representative) == (42, {"n": 42}, 42)
    assert found.norm == pytest.approx(np.linalg.norm(crowd[42].astype(float)), rel=1e-6)
    assert 0 < len(found.levels[0]) <= 8
    for links in found.levels:
        values = [link.value for link in links]
        assert values == sorted(values)
        for link in links:
            vector = docs.get(link.id).vector
            assert link.value == pytest.approx(oracle.values("l2", crowd[42], vector[None])[0])
            back = docs.inspect_record(link.id).levels
            assert any(other.id == 42 for level in back for other in level)


def test_a_duplicate_names_what_stands_for_it(docs):
    found = docs.inspect_record(605)
    assert found.representative == 0
    assert found.duplicates == (0, 600)
    assert found.levels == docs.inspect_record(0).levels


def test_a_flat_collection_and_an_empty_one(db, crowd):
    flat = db.create_collection("flat", dim=16, metric="cosine", index=vdb.Flat())
    assert flat.inspect().norm_histogram.counts == ()
    flat.add(["a", "b"], crowd[:2])
    found = flat.inspect()
    assert (found.levels, found.reached, found.nodes) == ((), 2, 0)
    one = flat.inspect_record("a")
    assert (one.representative, one.levels) == (None, ())
    empty = db.create_collection("empty", dim=16, metric="ip").inspect()
    assert (empty.levels, empty.blocks, empty.reached) == ((), (), 0)


def test_inside_a_batch_what_was_written_so_far_is_seen(db, docs):
    with db.batch():
        docs.add(2000, np.ones(16))
        assert docs.inspect().norms.count == 557
        assert docs.inspect_record(2000).norm == 4


def test_both_are_plain_data(docs):
    assert json.loads(json.dumps(docs.inspect().to_dict()))["info"]["index"]["type"] == "hnsw"
    assert json.loads(json.dumps(docs.inspect_record(1).to_dict()))["slot"] == 1


def test_a_record_that_is_not_there_is_refused(docs):
    for record_id in (120, "a"):
        with pytest.raises(vdb.NotFoundError, match="no record"):
            docs.inspect_record(record_id)


def test_a_record_with_a_long_payload_has_a_short_repr(docs):
    docs.set_payloads([1], [{"text": "x" * 100_000}])
    shown = repr(docs.inspect_record(1))
    assert len(shown) < 5000 and "payload={'text': 'xxx" in shown and "slot=1" in shown
