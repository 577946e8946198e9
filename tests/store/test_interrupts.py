"""Ctrl-C that is handled just after a lock was taken leaves nothing behind."""

import signal
import sys
import threading
from contextlib import contextmanager

import pytest

from support.store_tools import docs, ids
from vdb.store import Environment
from vdb.store.files.thread_locks import holding

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are not sent to threads")


@contextmanager
def interrupting(release):
    """Ctrl-C comes while this thread waits inside, and is seen when what it waits for is there.

    The signal goes to another thread, so that it does not wake this one.
    """

    def interrupt():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        release()

    # Whoever starts tests in the background may have them ignore Ctrl-C.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    later = threading.Timer(0.1, interrupt)
    later.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        later.join()
        signal.signal(signal.SIGINT, handler)


def test_a_lock_that_was_taken_is_given_back():
    lock = threading.Lock()
    lock.acquire()
    with interrupting(lock.release), holding(lock, 20):
        pytest.fail("interrupted")
    assert not lock.locked()


def test_a_lock_that_was_not_taken_stays_with_whoever_has_it():
    lock = threading.Lock()
    lock.acquire()
    with holding(lock, 0.01) as taken:
        assert not taken
    assert lock.locked()


@pytest.mark.parametrize("use", ["batch", "compact", "close"])
def test_the_writer_lock_is_free_after_an_interrupt(path, use):
    env = Environment.open(path)
    docs(env, 1)
    began, end = threading.Event(), threading.Event()

    def write():
        with env.batch():
            began.set()
            end.wait(20)

    writer = threading.Thread(target=write)
    writer.start()
    began.wait()
    with interrupting(end.set):
        getattr(env, use)()
        pytest.fail("interrupted")
    writer.join()
    again = Environment.open(path) if use == "close" else env
    with again.batch(timeout=1):
        pass
    assert ids(again) == [1]
    again.close()
    env.close()
