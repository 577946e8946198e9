"""Whoever meets damage is told which database, which collection, and what helps."""

import pickle

import numpy as np
import pytest

import vdb
from support.damages.broken import break_it, vectors_block
from support.damages.facts import a_header_that_cannot_be_read
from support.damages.records import a_flipped_bit_in_a_record
from vdb.store.format import keys, records

pytestmark = pytest.mark.damages


@pytest.fixture
def place(tmp_path):
    """A closed database in a directory whose name a shell would take apart."""
    there = tmp_path / "my notes.vdb"
    with vdb.open(there) as db:
        docs = db.create_collection("docs", dim=16, metric="l2", index=vdb.HNSW(M=8))
        docs.add(range(300), np.random.default_rng(0).normal(size=(300, 16)))
        db.create_collection("more", dim=2, metric="l2").add(1, [1, 2])
    return there


def told(error, place, collection="docs"):
    text = str(error)
    assert (error.database, error.collection) == (str(place), collection)
    assert text.startswith(f"{place} is damaged: ")
    assert not collection or f"'{collection}'" in text
    assert f"vdb check '{place}' lists the damage" in text
    assert f"vdb check '{place}' --repair saves what can be read" in text
    return True


CALLS = {
    "search": lambda docs, _: docs.search(np.ones(16), 300, exact=True),
    "get": lambda docs, _: docs.get(list(range(300))),
    "scan": lambda docs, _: list(docs.scan()),
    "info": lambda docs, _: docs.info(),
    "upsert": lambda docs, _: docs.upsert(range(300), np.ones((300, 16))),
}


@pytest.mark.parametrize("inside", ["", "batch", "snapshot"])
@pytest.mark.parametrize("name", CALLS)
def test_by_every_call_in_a_batch_and_at_a_moment_too(place, name, inside):
    break_it(place, lambda d: d.flip(vectors_block(), 100))
    with vdb.open(place) as db:
        docs = db.collection("docs")
        if inside == "snapshot":
            if name == "upsert":
                pytest.skip("a snapshot is only read")
            with db.snapshot() as moment, pytest.raises(vdb.CorruptedError) as caught:
                CALLS[name](moment.collection("docs"), db)
        elif inside == "batch":
            with pytest.raises(vdb.CorruptedError) as caught, db.batch():
                CALLS[name](docs, db)
        else:
            with pytest.raises(vdb.CorruptedError) as caught:
                CALLS[name](docs, db)
    assert told(caught.value, place)


def test_of_a_payload_that_is_looked_at_later(place):
    def spoil(d):
        slot = d.slot_of(1, 7)
        d.seal_in(keys.record(1, slot), records.encode(7, b"\xdd\xff\xff\xff\xff"))

    break_it(place, spoil)
    with vdb.open(place) as db:
        hits = db.collection("docs").search(np.ones(16), 300)
    with pytest.raises(vdb.CorruptedError, match="more items than bytes") as caught:
        hits[0].payload  # noqa: B018 - looking is the point
    assert told(caught.value, place)
    with pytest.raises(vdb.CorruptedError) as caught:
        [hit.payload for hit in pickle.loads(pickle.dumps(hits))]
    assert told(caught.value, place)


def test_of_a_header(place):
    break_it(place, a_header_that_cannot_be_read)
    with vdb.open(place) as db, pytest.raises(vdb.CorruptedError) as caught:
        db.collection("docs")
    assert told(caught.value, place, collection="")


def test_of_a_file_that_cannot_be_opened(place):
    (place / "data.mdb").write_bytes((place / "data.mdb").read_bytes()[:30_000])
    with pytest.raises(vdb.CorruptedError) as caught:
        vdb.open(place)
    text = str(caught.value)
    assert text.startswith(f"{place / 'data.mdb'} is damaged: cut short")
    assert f"vdb restore BACKUP '{place}'" in text
    assert caught.value.database == str(place)


def test_when_all_is_verified_at_opening(place):
    break_it(place, a_flipped_bit_in_a_record)
    with pytest.raises(vdb.CorruptedError) as caught:
        vdb.open(place, verify="full")
    assert told(caught.value, place, collection="")
    assert "'docs'" in str(caught.value)


def test_what_is_pickled_says_the_same(place):
    break_it(place, lambda d: d.flip(vectors_block(), 100))
    with vdb.open(place) as db, pytest.raises(vdb.CorruptedError) as caught:
        db.collection("docs").info()
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
