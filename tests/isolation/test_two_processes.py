"""Two processes, one database: readers see whole commits, writers take turns."""

from __future__ import annotations

import time

import numpy as np
import pytest

import vdb
from support.peer import Peer


@pytest.fixture
def docs(db, crowd):
    made = db.create_collection("docs", dim=16, metric="l2")
    made.add(range(500), crowd[:500], [{"round": 0}] * 500)
    return made


@pytest.fixture
def peer(docs, path):
    with Peer(path) as other:
        other.send("docs = db.collection('docs')")
        other.answer()
        yield other


def test_a_commit_is_seen_by_the_next_call_of_the_other_process(docs, peer, crowd):
    assert peer.ask("len(docs)") == 500
    docs.add(1000, crowd[600], "here")
    assert peer.ask("docs.get(1000).payload") == "here"
    query = f"docs.search(np.array({crowd[600].tolist()}), 1)[0].id"
    assert peer.ask(query) == 1000
    assert peer.ask("docs.delete([1000, 3])") == 2
    assert 1000 not in docs
    assert docs.search(crowd[600], 1)[0].id != 1000
    assert 3 not in docs.search(crowd[3], 500).ids


def test_many_commits_between_two_looks(docs, peer, crowd):
    """More than the journal keeps: the reader starts over, and is right."""
    assert peer.ask("len(docs)") == 500
    for i in range(300):
        docs.upsert(i, -crowd[i], {"round": i})
    for i in (0, 150, 299, 400):
        expected = (-crowd[i] if i < 300 else crowd[i]).tolist()
        assert peer.ask(f"docs.get({i}).vector.tolist()") == expected
        assert peer.ask(f"docs.search(np.array({expected}), 1)[0].id") == i


def test_what_is_not_committed_is_not_seen(db, docs, peer, crowd):
    with pytest.raises(ZeroDivisionError), db.batch():
        docs.delete(range(500))
        db.create_collection("other", dim=1, metric="l2")
        assert peer.ask("(len(docs), db.collections())") == (500, ["docs"])
        raise ZeroDivisionError
    assert peer.ask("(len(docs), db.collections())") == (500, ["docs"])


def test_a_snapshot_of_the_other_process_stays_as_it_was(docs, peer, crowd):
    peer.ask("[snap := db.snapshot(), then := snap.collection('docs')] and None")
    before = peer.ask(f"then.search(np.array({crowd[5].tolist()}), 20).ids.tolist()")
    for i in range(20):
        docs.upsert(range(i * 25, i * 25 + 25), crowd[1000:1025], ["new"] * 25)
    docs.delete(range(0, 500, 2))
    assert peer.ask("(len(then), then.get(7).payload)") == (500, {"round": 0})
    assert peer.ask(f"then.search(np.array({crowd[5].tolist()}), 20).ids.tolist()") == before
    peer.ask("snap.close()")
    assert peer.ask("len(docs)") == 250


def test_writers_of_two_processes_take_turns(docs, peer, crowd):
    peer.send(
        "for i in range(1000, 1040): docs.add(i, np.full(16, i, dtype=np.float32), {'by': 'peer'})"
    )
    for i in range(2000, 2040):
        docs.add(i, crowd[i - 2000], {"by": "test"})
    assert peer.answer() == "None"
    assert len(docs) == 580
    assert docs.get(1039).payload == {"by": "peer"}


def test_a_writer_that_waits_too_long_gives_up(db, docs, path):
    with Peer(path, lock_timeout=0.2) as other, db.batch():
        docs.delete(1)
        begin = time.monotonic()
        other.send("db.collection('docs').delete(2)")
        assert other.answer().startswith("!BusyError")
        assert time.monotonic() - begin < 5
    assert 2 in docs


def test_no_reader_ever_sees_half_a_commit(db, docs, peer, crowd):
    """Every commit moves all records of two collections to the same round."""
    other = db.create_collection("other", dim=2, metric="ip")
    other.add(range(50), np.ones((50, 2)), [{"round": 0}] * 50)
    peer.send(
        """
import collections
seen = set()
wrong = []
other = db.collection("other")
while True:
    with db.snapshot() as snap:
        rounds = {r.payload["round"] for r in snap.collection("docs").scan()}
        rounds |= {r.payload["round"] for r in snap.collection("other").scan()}
        q = np.full(16, max(rounds), dtype=np.float32)
        rounds |= {h.payload["round"] for h in snap.collection("docs").search(q, 20)}
    if len(rounds) != 1:
        wrong.append(rounds)
    seen |= rounds
    if max(rounds) >= 30:
        break
"""
    )
    for number in range(1, 31):
        with db.batch():
            docs.upsert(range(500), crowd[:500] + number, [{"round": number}] * 500)
            other.set_payloads(range(50), [{"round": number}] * 50)
    assert peer.answer() == "None"
    assert peer.ask("wrong") == []
    assert peer.ask("len(seen)") >= 2


def test_dropping_under_a_reader(db, docs, peer):
    db.drop_collection("docs")
    peer.send("len(docs)")
    assert peer.answer().startswith("!NotFoundError")
    db.create_collection("docs", dim=3, metric="ip").add("a", [1, 2, 3])
    peer.send("len(docs)")
    assert peer.answer().startswith("!NotFoundError")
    assert peer.ask("len(db.collection('docs', metric='ip'))") == 1


def test_a_reader_only_process(docs, path, crowd):
    with Peer(path, read_only=True) as reader:
        docs.add(1000, crowd[700])
        assert reader.ask("len(db.collection('docs'))") == 501
        reader.send("db.collection('docs').delete(1)")
        assert reader.answer().startswith("!ReadOnlyError")
        assert reader.ask("list(db.check())") == []


def test_compacting_waits_for_nobody_else(db, docs, peer):
    with pytest.raises(vdb.BusyError):
        db.compact()
    assert peer.ask("len(docs)") == 500
