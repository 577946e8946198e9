"""Long work pauses in the threads of the async face, and nowhere else; its results are the same."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import vdb
from vdb.model import pauses


@pytest.fixture
def clock(monkeypatch):
    """Time that passes as it is told to, and the pauses that were made in it."""

    class Clock:
        now, slept = 100.0, 0

        def perf_counter(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds
            self.slept += 1

    clock = Clock()
    monkeypatch.setattr(pauses, "time", clock)
    return clock


def test_a_thread_that_need_not_pause_gets_what_it_gave(clock):
    items = [3, 1, 2]
    assert pauses.paced(items) is items
    assert next(pauses.pieces(items)) is items
    assert pauses.piece(10**6) == 10**6
    assert pauses.in_order(items) == [1, 2, 3]
    pauses.pace()
    assert clock.slept == 0


def test_it_pauses_once_a_millisecond(clock):
    with pauses.enabled():
        for _ in pauses.paced(range(1000)):
            clock.now += 0.0001
        assert 50 <= clock.slept <= 100
        before = clock.slept
        for _ in pauses.paced(range(1000)):
            pass
        assert clock.slept - before <= 1
    for _ in pauses.paced(range(1000)):
        clock.now += 1
    assert clock.slept - before <= 1


def test_it_is_a_matter_of_each_thread():
    states = []
    with pauses.enabled():
        thread = threading.Thread(target=lambda: states.append(pauses.piece(10**6)))
        thread.start()
        thread.join()
        states.append(pauses.piece(10**6))
    assert states[0] == 10**6
    assert states[1] < 1000


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 5000])
def test_pieces_and_order_are_those_of_the_whole(count):
    random = np.random.default_rng(count)
    items = random.integers(0, count or 1, count).tolist()
    with pauses.enabled():
        pieces = list(pauses.pieces(items))
        assert [item for some in pieces for item in some] == items
        assert all(0 < len(some) <= 256 for some in pieces)
        assert [len(some) for some in pauses.pieces(items, 100)][:-1] == [100] * (
            max(0, -(-count // 100) - 1)
        )
        assert pauses.in_order(iter(items)) == sorted(items)
        pairs = list(zip(items, range(count), strict=True))
        by_first = pauses.in_order(pairs, key=lambda pair: pair[0])
        assert by_first == sorted(pairs, key=lambda pair: pair[0])


def test_a_database_is_the_same_to_the_byte(tmp_path):
    """Whatever is done in pieces gives what it gives in one step."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(1500, 24)).astype(np.float32)
    payloads = [{"i": i % 7, "t": f"text {i}", "l": [i % 3, i % 5]} for i in range(1500)]

    def answers(path):
        with vdb.open(path) as db:
            docs = db.create_collection(
                "docs", dim=24, metric="l2", fields={"i": "int", "t": "keyword"}
            )
            docs.add([f"id {i}" for i in range(1000)], rows[:1000].tolist(), payloads[:1000])
            docs.upsert([f"id {i}" for i in range(500, 1500)], list(rows[500:]), payloads[500:])
            docs.set_payloads([f"id {i}" for i in range(300)], payloads[700:1000])
            docs.delete([f"id {i}" for i in range(100)])
            docs.delete(where={"t": {"$lt": "text 12"}})
            assert not db.check()
            many = docs.search_many(rows[:300].tolist(), 10)
            filtered = docs.search_many(rows[:30], 10, where={"l": {"$contains": 2}})
            return [
                [list(hits) for hits in many],
                [list(hits) for hits in filtered],
                [(record.id, record.vector.tolist(), record.payload) for record in docs.scan()],
                list(docs.ids(where={"i": 3})),
                [record and record.id for record in docs.get([f"id {i}" for i in range(1500)])],
            ]

    plain = answers(tmp_path / "plain.vdb")
    with pauses.enabled():
        assert answers(tmp_path / "paused.vdb") == plain
