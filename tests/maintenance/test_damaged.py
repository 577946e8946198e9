"""Whoever uses a damaged database is answered or told; it is never believed, and ends nobody."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest

import vdb
from support.damages.broken import COUNT, break_it, vectors_block
from support.damages.records import (
    a_flipped_bit_in_a_record,
    a_key_to_another_record,
    a_record_moved_from_elsewhere,
    a_record_that_is_no_record,
)
from vdb.store.format import blocks

pytestmark = pytest.mark.damages


def test_a_key_that_leads_astray_is_found_out_by_every_call(place, crowd):
    break_it(place, a_key_to_another_record)
    with vdb.open(place) as db:
        docs = db.collection("docs")
        for call in (
            lambda: docs.get([99, 100]),
            lambda: docs.upsert(100, crowd[0]),
            lambda: docs.set_payloads(100, None),
            lambda: docs.delete(100),
            lambda: docs.add(100, crowd[0], on_duplicate="replace"),
            lambda: docs.update_payloads(100, {"n": 1}),
            lambda: docs.more_like(100),
            lambda: docs.more_like(99, not_like=100),
            lambda: docs.count({"$id": 100}),
            lambda: docs.explain(crowd[0], 100),
            lambda: docs.inspect_record(100),
        ):
            with pytest.raises(vdb.CorruptedError, match=r"id 100: leads to slot .* has id 101"):
                call()
        assert docs.get(101).payload == {"n": 101}


def test_a_key_that_leads_astray_is_found_out_by_every_analysis(place, crowd):
    """Labels name the id, or the other side of a comparison has it among its hits."""
    break_it(place, a_key_to_another_record)
    with vdb.open(place) as db:
        docs = db.collection("docs")
        other = db.create_collection("other", dim=16, metric="l2")
        other.add(range(COUNT), crowd[:COUNT])
        for call in (
            lambda: vdb.compare_metrics(docs, crowd[:2], relevant=[[99], [100]], k=2),
            lambda: vdb.calibrate_threshold(
                docs, crowd[:2], threshold=5.0, to_metric="cosine", relevant=[[99], [100]]
            ),
            lambda: vdb.compare_collections(
                [other, docs], [crowd[:1], crowd[:1]], relevant=[[100]], k=2
            ),
            lambda: vdb.compare_collections([other, docs], [crowd[100], crowd[200]], k=1),
        ):
            with pytest.raises(vdb.CorruptedError, match=r"id 100: leads to slot .* has id 101"):
                call()


def a_vector_that_nobody_wrote(d):
    """The row of a record without a vector says that it has one, of length 2."""
    header = blocks.BlockHeader.decode(d.get(vectors_block()), "")
    rows = blocks.HEADER_SIZE
    d.change_block(vectors_block(), rows, struct.pack("<f", 2.0))
    d.change_block(vectors_block(), rows + header.row_size * header.rows, struct.pack("<f", 2.0))


@pytest.mark.parametrize("index", [vdb.Flat(), vdb.HNSW(M=4)], ids=repr)
def test_a_vector_where_the_dimension_is_open_is_damage_and_not_an_answer(path, index):
    with vdb.open(path) as db:
        docs = db.create_collection(
            "docs", dim="auto", metric="l2", index=index, optional_vectors=True
        )
        docs.add([1, 2, 3], None, [{"n": 1}, {"n": 2}, None])
    break_it(path, a_vector_that_nobody_wrote)
    with vdb.open(path) as db:
        docs = db["docs"]
        text = r"slot 0 holds a vector, and the dimension is open"
        for call in (
            lambda: docs.get(1),
            lambda: docs.get([3, 1]),
            lambda: list(docs.scan()),
            lambda: docs.more_like(1),
        ):
            with pytest.raises(vdb.CorruptedError, match=text):
                call()
        assert [docs.get(i).vector for i in (2, 3)] == [None, None]
        assert next(docs.scan(with_vectors=False)).payload == {"n": 1}
        problems = list(map(str, db.check()))
        assert problems and all("docs" in problem for problem in problems)
        report = db.repair()
        assert report.problems
        assert list(db.check()) == []
        assert len(db["docs"]) == 3


@pytest.mark.parametrize(
    "damage", [a_flipped_bit_in_a_record, a_record_that_is_no_record, a_record_moved_from_elsewhere]
)
def test_a_search_never_answers_with_a_damaged_record(place, crowd, damage):
    break_it(place, damage)
    with vdb.open(place) as db:
        docs = db.collection("docs")
        for options in ({}, {"with_payloads": False}, {"exact": True}):
            with pytest.raises(vdb.CorruptedError, match=r"checksum|id: expected"):
                docs.search(crowd[100], 3, **options)
            with pytest.raises(vdb.CorruptedError, match=r"checksum|id: expected"):
                docs.search_many(crowd[100:102], 3, **options)
        assert docs.search(crowd[200], 1)[0].payload == {"n": 200}


@pytest.mark.parametrize("seed", range(30))
def test_a_flipped_bit_anywhere_is_an_answer_not_a_crash(place, crowd, seed):
    """Whatever value is hit: every call answers or raises CorruptedError, and check names it."""
    random = np.random.default_rng(seed)

    def flip_any(d):
        with d.txn.cursor() as cursor:
            every = [bytes(key) for key in cursor.iternext(values=False) if key[0] > 1]
        key = every[random.integers(len(every))]
        d.flip(key, int(random.integers(len(d.get(key)))))

    break_it(place, flip_any)
    with vdb.open(place) as db:
        assert list(db.check())
        for call in (
            lambda: db.collection("docs").search_many(crowd[:COUNT], 10, ef=300),
            lambda: list(db.collection("docs").scan()),
            lambda: db.collection("docs").search(crowd[1], 300, exact=True),
            lambda: list(db.collection("texts").scan()),
            lambda: db.collection("docs").add(9000, crowd[0]),
            lambda: db.collection("docs").delete(range(100, 150)),
            db.info,
        ):
            with contextlib.suppress(vdb.CorruptedError, vdb.NotFoundError):
                call()
