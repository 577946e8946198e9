"""The writer lock: between threads, between processes, with a timeout, and interruptible."""

import threading
import time
from pathlib import Path

import pytest

from support.store_tools import add, child, docs, ids, run
from vdb.errors import BusyError
from vdb.store.files import file_lock as lock_module
from vdb.store.files.file_lock import FileLock

LISTED = Path("/proc/locks").exists()  # where the system says who holds a lock

HOLD = """
env = Environment.open(path)
with env.batch() as batch:
    say("writing")
    hear()
env.close()
"""


@pytest.mark.alone
def test_a_batch_in_another_process_makes_the_writer_wait_and_then_say_how_long(env, path):
    with child(HOLD, path) as other:
        assert other.hear() == "writing"
        began = time.monotonic()
        named = r"another process" + (rf" \({other.process.pid} python" if LISTED else "")
        with pytest.raises(BusyError, match=rf"{named}.* more than 0\.2 s"):
            env.batch(timeout=0.2)
        assert 0.2 <= time.monotonic() - began < 2
        other.say()
        with env.batch(timeout=20.0):
            pass
        other.end()


def test_a_batch_in_another_thread_makes_the_writer_wait(env):
    began, finish = threading.Event(), threading.Event()

    def write():
        with env.batch():
            began.set()
            finish.wait()

    thread = threading.Thread(target=write)
    thread.start()
    began.wait()
    with pytest.raises(BusyError, match="another thread"):
        env.batch(timeout=0.05)
    finish.set()
    with env.batch(timeout=20.0):
        pass
    thread.join()


@pytest.mark.alone
def test_a_second_batch_in_the_same_thread_is_refused_at_once(env):
    with env.batch():
        began = time.monotonic()
        with pytest.raises(BusyError, match="this thread"):
            env.batch(timeout=60.0)
        assert time.monotonic() - began < 1


def test_readers_do_not_wait_for_a_writer_nor_it_for_them(env, path):
    docs(env, 1)
    with env.snapshot() as before, child(HOLD, path) as other:
        other.hear()
        assert ids(env) == [1]
        other.say()
        other.end()
        assert before.commit == 2


def test_waiting_for_the_lock_can_be_interrupted(path):
    assert (
        run(
            """
env = Environment.open(path)
from vdb.store.files.file_lock import FileLock
other = FileLock(path / "writer.lock", create=False)
assert other.acquire(shared=False, timeout=0)
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
began = time.monotonic()
try:
    env.batch(timeout=60)
except KeyboardInterrupt:
    say(time.monotonic() - began < 10)
other.close()
docs(env, 1)
env.close()
""",
            path,
        )
        == "True"
    )


def test_a_killed_writer_leaves_no_lock_and_nothing_written(env, path):
    docs(env, 1)
    script = """
env = Environment.open(path)
batch = env.batch()
add(batch, batch.collection("docs"), 2)
say("written")
hear()
"""
    with child(script, path) as other:
        other.hear()
        other.kill()
    docs(env, 3)
    assert ids(env) == [1, 3]


def test_a_child_that_was_forked_while_writing_does_not_keep_the_lock(path):
    assert (
        run(
            """
env = Environment.open(path)
batch = env.batch()
pid = os.fork()
if pid == 0:
    time.sleep(60)
    os._exit(0)
batch.abort()
env.close()
# Only the child has copies of the descriptors now, and it closed them.
again = Environment.open(path)
docs(again, 1)
again.compact()
say(ids(again))
again.close()
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
""",
            path,
        )
        == "[1]"
    )


def test_many_writers_in_threads_and_processes_all_get_their_turn(env, path):
    docs(env, -1)
    script = """
env = Environment.open(path, lock_timeout=60)
base = int(hear())
for i in range(25):
    docs(env, base + i)
env.close()
"""
    with child(script, path) as one, child(script, path) as two:
        one.say("1000")
        two.say("2000")

        def write(base):
            for i in range(25):
                with env.batch(timeout=60.0) as batch:
                    add(batch, batch.collection("docs"), base + i)

        threads = [threading.Thread(target=write, args=(base,)) for base in (3000, 4000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one.end()
        two.end()
    expected = [-1] + [base + i for base in (1000, 2000, 3000, 4000) for i in range(25)]
    assert ids(env) == expected
    with env.snapshot() as snapshot:
        assert snapshot.commit == 102


BUSY = """
env = Environment.open(path)
say("started")
i = 0
while not (path.parent / "stop").exists():
    docs(env, i)
    i += 1
say(i)
env.close()
"""


def test_a_process_that_writes_without_a_pause_lets_others_in(env, path):
    docs(env, -1)
    with child(BUSY, path) as other:
        other.hear()
        for i in range(10):
            with env.batch(timeout=5.0) as batch:
                batch.put(b"\x7f", bytes([i]))
        (path.parent / "stop").touch()
        assert int(other.hear()) >= 1
        other.end()


def test_a_thread_that_writes_without_a_pause_lets_others_in(env):
    docs(env, -1)
    stop = threading.Event()
    commits = []

    def write():
        while not stop.is_set():
            with env.batch(timeout=20.0) as batch:
                batch.put(b"\x7f", b"")
            commits.append(1)

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(10):
        with env.batch(timeout=5.0) as batch:
            batch.put(b"\x7f", b"mine")
    stop.set()
    thread.join()
    assert len(commits) >= 5


class WholeRange:
    """Locks as Windows has them: on bytes, refused to the descriptor that holds them as well."""

    def __init__(self):
        self.owner = {}  # byte -> descriptor

    def attempt(self, fd, *, shared):
        wanted = range(4)
        if shared:
            wanted = [next((byte for byte in wanted if byte not in self.owner), None)]
        if any(byte is None or byte in self.owner for byte in wanted):
            return False
        self.owner |= dict.fromkeys(wanted, fd)
        return True

    def unlock(self, fd):
        self.owner = {byte: owner for byte, owner in self.owner.items() if owner != fd}


def test_where_locks_cannot_be_converted_a_shared_one_becomes_exclusive_and_shared_again(
    tmp_path, monkeypatch
):
    """As rewriting the file in place asks for it, on systems without flock()."""
    locks = WholeRange()
    monkeypatch.setattr(lock_module, "_try", locks.attempt)
    monkeypatch.setattr(lock_module, "_unlock", locks.unlock)
    monkeypatch.setattr(lock_module, "_CONVERTS", False)
    one, two = (FileLock(tmp_path / "a.lock", create=True) for _ in range(2))
    assert one.acquire(shared=True, timeout=0)
    assert one.acquire(shared=False, timeout=0)
    assert not two.acquire(shared=True, timeout=0)
    assert one.acquire(shared=True, timeout=0)
    assert two.acquire(shared=True, timeout=0)
    assert not one.acquire(shared=False, timeout=0)
    assert one.acquire(shared=True, timeout=0)  # which the failure had lost
    one.release()
    two.release()
    assert locks.owner == {}
    one.close()
    two.close()


class TestFileLock:
    """One lock file."""

    @pytest.fixture
    def pair(self, tmp_path):
        locks = [FileLock(tmp_path / "a.lock", create=True) for _ in range(2)]
        yield locks
        for lock in locks:
            lock.close()

    def test_exclusive_excludes_all(self, pair):
        one, two = pair
        assert one.acquire(shared=False, timeout=0)
        assert not two.acquire(shared=False, timeout=0)
        assert not two.acquire(shared=True, timeout=0)
        one.release()
        assert two.acquire(shared=False, timeout=0)

    def test_shared_excludes_exclusive_only(self, pair):
        one, two = pair
        assert one.acquire(shared=True, timeout=0)
        assert two.acquire(shared=True, timeout=0)
        assert not two.acquire(shared=False, timeout=0.01)

    def test_closing_gives_it_back_and_may_be_repeated(self, pair):
        one, two = pair
        one.acquire(shared=False, timeout=0)
        one.close()
        one.close()
        assert two.acquire(shared=False, timeout=0)
