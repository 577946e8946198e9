"""Held snapshots and closing: neither ends under the call that reads."""

import threading
import time

import pytest

from support.store_tools import until
from vdb.errors import BusyError, ClosedError
from vdb.store import snapshot
from vdb.store.files.read_range import read_range
from vdb.store.format import keys


def test_held_snapshots_end_with_it(opened):
    held = opened.snapshot(held=True)
    with held.use():
        view = held.collection("docs")
    opened.close()
    assert held.closed
    for use in (lambda: held.get(keys.IDENTITY), lambda: held.collection("docs"), held.names):
        with pytest.raises(ClosedError):
            use()
    with pytest.raises(ClosedError), held.use():
        pass
    with pytest.raises(ClosedError):
        held.fetch(keys.IDENTITY)
    held.close()
    assert view.header.count == 100


def test_it_waits_for_the_use_of_a_held_snapshot(opened):
    held = opened.snapshot(held=True)
    began = threading.Event()
    done = []

    def read():
        with held.use():
            began.set()
            time.sleep(0.1)
            done.append(len(list(held.ids(held.collection("docs")))))

    reader = threading.Thread(target=read)
    reader.start()
    began.wait()
    opened.close()
    reader.join()
    assert done == [100]


def test_iterating_over_a_held_snapshot_ends_with_a_closed_error(opened):
    with opened.batch() as batch:
        for i in range(3000):
            batch.put(b"\x70" + i.to_bytes(2, "big"), b"")
    held = opened.snapshot(held=True)
    items = held.items(b"\x70")
    next(items)
    opened.close()
    with pytest.raises(ClosedError):
        list(items)


class TestHeldSnapshots:
    """Ending one while it is used, by whichever way."""

    @pytest.fixture
    def held(self, opened):
        return opened.snapshot(held=True)

    @pytest.fixture
    def walk(self, held, monkeypatch):
        """A thread that is inside the one step of its walk until `walk.end` is set."""

        class Walk(threading.Thread):
            begun, end = threading.Event(), threading.Event()
            found = None

            def run(self):
                self.found = list(held.items(b"\x30"))

        def slow_range(*arguments):
            walk.begun.set()
            walk.end.wait(20)
            return read_range(*arguments)

        walk = Walk()
        monkeypatch.setattr(snapshot, "read_range", slow_range)
        walk.start()
        walk.begun.wait()
        yield walk
        walk.end.set()
        walk.join()

    @pytest.fixture(params=["close", "end_held", "remapping", "close the environment"])
    def end(self, request, opened, held):
        """A way to end it."""

        def remap():
            with opened.handle.remapping(end_held=True):
                pass

        return {
            "close": held.close,
            "end_held": opened.handle.transactions.close_held,
            "remapping": remap,
            "close the environment": opened.close,
        }[request.param]

    def test_ending_waits_for_a_walk_that_runs(self, held, walk, end):
        threading.Timer(0.1, walk.end.set).start()
        end()
        walk.join()
        assert len(walk.found) == 100
        assert held.closed

    def test_ending_gives_up_on_a_walk_that_does_not_end_and_it_goes_on(
        self, opened, held, walk, end
    ):
        opened.handle.lock_timeout = 0.05
        with pytest.raises(BusyError):
            end()
        assert not held.closed
        assert held.get(keys.IDENTITY) is not None
        walk.end.set()
        walk.join()
        assert len(walk.found) == 100
        end()
        assert held.closed

    def test_who_comes_while_it_is_being_ended_waits_and_finds_it_ended(self, held, walk):
        outcome = []

        def use():
            try:
                outcome.append(held.get(keys.IDENTITY))
            except ClosedError:
                outcome.append("closed")

        closer, user = threading.Thread(target=held.close), threading.Thread(target=use)
        closer.start()
        until(lambda: held._users.closers)
        user.start()
        time.sleep(0.05)
        assert outcome == []
        assert not held.closed
        walk.end.set()
        closer.join()
        user.join()
        assert outcome == ["closed"]

    def test_who_comes_while_ending_it_fails_waits_and_goes_on(self, held, walk):
        outcome = []
        with pytest.raises(BusyError):
            held.close(timeout=0.0)
        user = threading.Thread(target=lambda: outcome.append(held.get(keys.IDENTITY)))

        def close():
            with pytest.raises(BusyError):
                held.close(timeout=0.1)

        closer = threading.Thread(target=close)
        closer.start()
        until(lambda: held._users.closers)
        user.start()
        closer.join()
        user.join()
        assert outcome[0] is not None

    @pytest.mark.alone
    def test_a_thread_that_uses_it_cannot_end_it(self, held):
        with held.use():
            began = time.monotonic()
            with pytest.raises(BusyError, match="this very thread"):
                held.close()
            assert time.monotonic() - began < 1
            assert held.fetch(keys.IDENTITY) is not None
        held.close()

    @pytest.mark.alone
    def test_a_use_inside_a_use_does_not_wait_for_the_closer(self, held):
        with held.use():
            closer = threading.Thread(target=held.close)
            closer.start()
            until(lambda: held._users.closers)
            began = time.monotonic()
            assert held.get(keys.IDENTITY) is not None
            assert time.monotonic() - began < 1
        closer.join()
        assert held.closed

    def test_several_may_end_it_at_once(self, held, walk):
        closers = [threading.Thread(target=held.close) for _ in range(4)]
        for closer in closers:
            closer.start()
        with pytest.raises(BusyError):
            held.close(timeout=0.05)  # which lets nobody in while the others wait
        assert len(held._users.closers) == 4
        walk.end.set()
        for closer in closers:
            closer.join()
        assert held.closed
        assert len(walk.found or []) in (0, 100)
