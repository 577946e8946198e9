"""Every result of a search says which generation of its collection answered."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest

import vdb

DIM = 16


@pytest.fixture
def docs(db, crowd):
    made = db.create_collection("docs", dim=DIM, metric="l2", fields={"text": vdb.Text("english")})
    made.add(
        range(300),
        crowd[:300],
        [{"n": i % 7, "text": f"word{i % 5} of a text"} for i in range(300)],
    )
    return made


SEARCHES = {
    "plain": lambda docs, q: docs.search(q, 5),
    "from a list": lambda docs, q: docs.search(q.tolist(), 5),
    "ties": lambda docs, q: docs.search(q, 5, exact=True),
    "filter": lambda docs, q: docs.search(q, 5, where={"n": 3}),
    "nothing passes": lambda docs, q: docs.search(q, 5, where={"n": 99}),
    "threshold": lambda docs, q: docs.search(q, None, threshold=1e9),
    "convention": lambda docs, q: docs.search(q, 5, scores="pgvector"),
    "vectors": lambda docs, q: docs.search(q, 5, with_vectors=True),
    "page": lambda docs, q: docs.search(q, 5, offset=3),
    "many": lambda docs, q: docs.search_many(np.stack([q, q]), 5),
    "more like": lambda docs, q: docs.more_like([3], k=5),
    "groups": lambda docs, q: docs.search(q, 3, group_by="n"),
    "no groups": lambda docs, q: docs.search(q, 3, group_by="nothing"),
    "words": lambda docs, q: docs.search_text("word3", k=5),
    "hybrid": lambda docs, q: docs.search_hybrid(text="word3", vector=q, k=5),
    "hybrid words": lambda docs, q: docs.search_hybrid(text="word3", k=5),
    "diverse": lambda docs, q: docs.search(q, 5, diversity=0.5),
}


@pytest.mark.parametrize("kind", SEARCHES)
def test_it_is_the_one_in_use_and_a_rollback_brings_it_back(db, docs, crowd, kind):
    search = SEARCHES[kind]
    assert search(docs, crowd[0]).generation == docs.info().generation == 1
    before = db.snapshot()
    docs.rebuild("ip", keep_previous=True)
    assert search(docs, crowd[0]).generation == docs.info().generation == 2
    with before:
        assert search(before.collection("docs"), crowd[0]).generation == 1
    docs.rebuild("ip", keep_previous=True)  # to the same
    assert search(docs, crowd[0]).generation == 3
    docs.rollback()
    assert search(docs, crowd[0]).generation == docs.info().generation == 2


@pytest.mark.parametrize("kind", SEARCHES)
def test_it_stays_with_parts_and_copies(docs, crowd, kind):
    hits = SEARCHES[kind](docs, crowd[0])
    assert pickle.loads(pickle.dumps(hits)).generation == 1
    if not kind.startswith("hybrid"):
        assert hits[:1].generation == 1
    if kind == "many":
        assert [one.generation for one in hits] == [1, 1]


def test_hits_and_their_generation_are_of_one_moment(db, docs, crowd):
    """While the metric changes again and again, values are always those of the generation said."""
    docs.rebuild("ip", keep_previous=True)
    metrics = {1: "l2", 2: "ip"}
    done, wrong, seen = threading.Event(), [], set()

    def read():
        while not done.is_set():
            for hits in (
                docs.search(crowd[0], 1),
                docs.search(crowd[0], 1, where={"n": {"$gte": 0}}),
            ):
                seen.add(hits.generation)
                if metrics[hits.generation] != hits.metric:
                    wrong.append((hits.generation, hits.metric))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(20):
            docs.rollback()
    finally:
        done.set()
        reader.join()
    assert (wrong, seen) == ([], {1, 2})


def test_a_fusion_of_lists_has_none():
    assert vdb.fusion.fuse([[("a", 2.0), ("b", 1.0)], [("b", 1.0)]]).generation is None
