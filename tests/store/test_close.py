"""Closing while something runs: it waits, or says so; it never pulls memory away from anybody."""

import threading
import time

import pytest

from support.store_tools import add, docs, ids, until
from vdb.errors import BusyError, ClosedError
from vdb.store import Environment, backup
from vdb.store.format import keys


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


@pytest.mark.alone
def test_inside_ones_own_batch_it_is_refused_at_once(opened):
    with opened.batch() as batch:
        began = time.monotonic()
        with pytest.raises(BusyError, match="this thread has a batch open"):
            opened.close()
        assert time.monotonic() - began < 1
        add(batch, batch.collection("docs"), 500)
    assert 500 in ids(opened)


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

    opened.handle.writer_lock.acquire(1.0)
    waiter = threading.Thread(target=lambda: (began.set(), wait()))
    waiter.start()
    began.wait()
    time.sleep(0.05)
    opened.handle.gate.shut(1.0)
    opened.handle.writer_lock.release(opened.handle.writer_lock.hold)
    waiter.join()
    assert outcome == ["closed"]
    opened.handle.gate._state = type(opened.handle.gate._state).OPEN


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

    lock = opened.handle.writer_lock
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
