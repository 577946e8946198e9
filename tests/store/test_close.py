"""Closing while something runs: it waits, or says so; it never pulls memory away from anybody."""

import threading
import time

import pytest

from store_tools import add, docs, ids, run, until
from vdb.errors import BusyError, ClosedError
from vdb.format import keys
from vdb.store import Environment, backup, snapshot
from vdb.store.chunk import chunk


@pytest.fixture
def opened(path):
    env = Environment.open(path, lock_timeout=5.0)
    docs(env, *range(100), payload="x" * 100)
    yield env
    env.close()


def test_it_waits_for_a_running_lease(opened):
    lease = opened.snapshot()
    view = lease.fetch(keys.IDENTITY)
    began = time.monotonic()
    threading.Timer(0.1, lambda: (bytes(view), lease.close())).start()
    opened.close()
    assert time.monotonic() - began >= 0.09


def test_it_gives_up_on_a_lease_that_does_not_end_and_everything_goes_on(opened):
    with opened.snapshot() as lease:
        with pytest.raises(BusyError, match="1 running"):
            opened.close(timeout=0.05)
        assert list(lease.ids(lease.collection("docs"))) == list(range(100))
        docs(opened, 100)
    assert len(ids(opened)) == 101
    opened.close()
    with pytest.raises(ClosedError):
        opened.snapshot()


def test_it_waits_for_a_running_batch(opened):
    began = threading.Event()

    def write():
        with opened.batch() as batch:
            add(batch, batch.collection("docs"), 500)
            began.set()
            time.sleep(0.1)

    writer = threading.Thread(target=write)
    writer.start()
    began.wait()
    opened.close()
    writer.join()
    again = Environment.open(opened.path)
    assert 500 in ids(again)
    again.close()


def test_inside_ones_own_batch_it_is_refused_at_once(opened):
    with opened.batch() as batch:
        began = time.monotonic()
        with pytest.raises(BusyError, match="this thread has a batch open"):
            opened.close()
        assert time.monotonic() - began < 1
        add(batch, batch.collection("docs"), 500)
    assert 500 in ids(opened)


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

        def slow_chunk(*arguments):
            walk.begun.set()
            walk.end.wait(20)
            return chunk(*arguments)

        walk = Walk()
        monkeypatch.setattr(snapshot, "chunk", slow_chunk)
        walk.start()
        walk.begun.wait()
        yield walk
        walk.end.set()
        walk.join()

    @pytest.fixture(params=["close", "end_held", "remapping", "close the environment"])
    def end(self, request, opened, held):
        """A way to end it."""

        def remap():
            with opened.remapping(end_held=True):
                pass

        return {
            "close": held.close,
            "end_held": opened.end_held,
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
        opened.lock_timeout = 0.05
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
        until(lambda: held._closers)
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
        until(lambda: held._closers)
        user.start()
        closer.join()
        user.join()
        assert outcome[0] is not None

    def test_a_thread_that_uses_it_cannot_end_it(self, held):
        with held.use():
            began = time.monotonic()
            with pytest.raises(BusyError, match="this very thread"):
                held.close()
            assert time.monotonic() - began < 1
            assert held.fetch(keys.IDENTITY) is not None
        held.close()

    def test_a_use_inside_a_use_does_not_wait_for_the_closer(self, held):
        with held.use():
            closer = threading.Thread(target=held.close)
            closer.start()
            until(lambda: held._closers)
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
        assert len(held._closers) == 4
        walk.end.set()
        for closer in closers:
            closer.join()
        assert held.closed
        assert len(walk.found or []) in (0, 100)


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


def test_everything_is_refused_afterwards(opened, tmp_path):
    opened.close()
    opened.close()
    uses = [
        opened.snapshot,
        opened.batch,
        opened.stats,
        opened.compact,
        opened.check_open,
        lambda: opened.copy(tmp_path / "copy"),
    ]
    for use in uses:
        with pytest.raises(ClosedError, match="is closed"):
            use()


def test_a_batch_that_waits_for_the_lock_finds_it_closed(opened):
    began = threading.Event()
    outcome = []

    def wait():
        try:
            opened.batch(timeout=10.0)
        except ClosedError:
            outcome.append("closed")

    opened.writer_lock.acquire(1.0)
    waiter = threading.Thread(target=lambda: (began.set(), wait()))
    waiter.start()
    began.wait()
    time.sleep(0.05)
    opened.gate.shut(1.0)
    opened.writer_lock.release(opened.writer_lock.hold)
    waiter.join()
    assert outcome == ["closed"]
    opened.gate._state = type(opened.gate._state).OPEN


def test_closing_and_opening_while_others_search(path):
    """Readers in threads either read what is there or learn that it is closed."""
    env = Environment.open(path)
    docs(env, *range(50))
    stop = threading.Event()
    wrong, read = [], []
    current = [env]

    def search():
        while not stop.is_set():
            try:
                with current[0].snapshot() as snapshot:
                    view = snapshot.collection("docs")
                    value = snapshot.fetch(keys.record(1, 7))
                    if bytes(value)[-1] != 7 or len(list(snapshot.ids(view))) != 50:
                        wrong.append("content")
                read.append(1)
            except ClosedError:
                pass
            except BaseException as error:  # noqa: BLE001  # told to the main thread
                wrong.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        current[0].close()
        current[0] = Environment.open(path)
        time.sleep(0.005)
    stop.set()
    for thread in threads:
        thread.join()
    current[0].close()
    assert wrong == []
    assert len(read) > 30


class TestEndOfProcess:
    """The interpreter ends with everything still open."""

    def test_with_live_snapshots_and_an_unfinished_batch(self, path):
        script = """
env = Environment.open(path)
docs(env, 1)
held = env.snapshot(held=True)
lease = env.snapshot()
view = lease.fetch(b"\\x00")
items = held.items(b"")
next(items)
batch = env.batch()
add(batch, batch.collection("docs"), 2)
say("end")
"""
        assert run(script, path) == "end"
        env = Environment.open(path)
        assert ids(env) == [1]
        env.close()

    def test_with_threads_that_go_on_reading(self, path):
        script = """
env = Environment.open(path)
docs(env, *range(100), payload="x" * 3000)
def read():
    try:
        while True:
            with env.snapshot() as snapshot:
                view = snapshot.fetch(b"\\x31\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x07")
                sum(bytes(view))
    except errors.ClosedError:
        pass
for _ in range(3):
    threading.Thread(target=read, daemon=True).start()
time.sleep(0.2)
say("end")
"""
        assert run(script, path) == "end"

    def test_with_a_thread_that_never_lets_go(self, path):
        script = """
env = Environment.open(path)
def hold():
    with env.snapshot() as snapshot:
        view = snapshot.fetch(b"\\x00")
        while True:
            bytes(view)
threading.Thread(target=hold, daemon=True).start()
time.sleep(0.1)
say("end")
"""
        assert run(script, path) == "end"

    def test_a_relaxed_commit_is_flushed(self, path):
        assert run("env = Environment.open(path, durability='relaxed'); docs(env, 1)", path) == ""
        env = Environment.open(path)
        assert ids(env) == [1]
        env.close()


def test_everything_of_lmdbs_is_gone_afterwards(opened):
    fds = lambda: {p.resolve() for p in __import__("pathlib").Path("/proc/self/fd").iterdir()}  # noqa: E731
    assert any(opened.path in fd.parents for fd in fds())
    held = opened.snapshot(held=True)
    opened.close()
    until(lambda: not any(opened.path in fd.parents for fd in fds()))
    assert held.closed


def test_a_writer_that_waits_meanwhile_is_told(opened):
    told = []

    def write():
        try:
            opened.batch(timeout=20).abort()
        except ClosedError as error:
            told.append(error)

    lock = opened.writer_lock
    with lock.quiet(1):
        writer = threading.Thread(target=write)
        writer.start()
        lock.close()
    writer.join()
    assert len(told) == 1


def test_it_waits_for_a_compaction(opened, monkeypatch):
    began, end = threading.Event(), threading.Event()
    copy = backup._copy_to

    def slow_copy(*arguments, **options):
        began.set()
        end.wait(20)
        copy(*arguments, **options)

    monkeypatch.setattr(backup, "_copy_to", slow_copy)
    compacting = threading.Thread(target=opened.compact)
    compacting.start()
    began.wait()
    with pytest.raises(BusyError, match="another thread writes"):
        opened.close(timeout=0.05)
    assert len(ids(opened)) == 100
    end.set()
    opened.close()
    compacting.join()
    again = Environment.open(opened.path)
    assert len(ids(again)) == 100
    again.close()
