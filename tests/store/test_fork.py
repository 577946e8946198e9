"""A forked child inherits handles that must not be used, and must not hurt the parent's.

Each test runs in a process of its own, which forks.
"""

import pytest

from support.store_tools import run

FORK = """
def in_child(function):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            function()
            code = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
def refuses(*uses):
    for use in uses:
        try:
            use()
        except errors.ForkError as error:
            assert "fork" in str(error)
        else:
            raise AssertionError(f"{use} worked")
env = Environment.open(path)
docs(env, 1, payload="x" * 3000)
"""


def test_every_inherited_handle_refuses(path):
    assert (
        run(
            FORK
            + """
held = env.snapshot(held=True)
lease = env.snapshot()
view = lease.collection("docs")
batch = env.batch()
def child():
    refuses(
        env.snapshot, env.batch, env.stats, env.compact, env.check_open,
        lambda: env.copy(path / "copy"),
        lambda: held.get(b"\\x00"), held.names, lambda: held.fetch(b"\\x00"),
        lambda: lease.get(b"\\x00"), lease.names, lambda: lease.fetch(b"\\x00"),
        lambda: lease.record(view, 0),
        lambda: batch.get(b"\\x00"), lambda: batch.put(b"\\x7f", b""), batch.commit, batch.names,
    )
    held.close(); lease.close(); batch.abort(); env.close(); env.close()
in_child(child)
add(batch, batch.collection("docs"), 2)
batch.commit()
say(ids(env), list(held.ids(view)), lease.record(view, 0)[0])
lease.close()
env.close()
""",
            path,
        )
        == "[1, 2] [1] 1"
    )


@pytest.mark.parametrize(
    "ending",
    [
        "pass",
        "env.close(); del env, held, lease; import gc; gc.collect()",
        "held.close(); lease.close(); del held, lease; import gc; gc.collect()",
        "raise SystemExit",
    ],
)
def test_whatever_the_child_does_with_them_the_parents_snapshots_stay_pinned(path, ending):
    assert (
        run(
            FORK
            + f"""
held = env.snapshot(held=True)
lease = env.snapshot()
value = lease.fetch(b"\\x31\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x00")
before = bytes(value)
sys.stdout.flush()
if (pid := os.fork()) == 0:
    {ending}
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
for i in range(20):
    with env.batch() as batch:
        batch.put_record(batch.collection("docs"), 0, 1, "y" * 3000)
say(bytes(value) == before, held.get(b"\\x31\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x00") == before)
lease.close()
env.close()
""",
            path,
        )
        == "True True"
    )


@pytest.mark.parametrize("frozen", ["pass", "gc.freeze()"])
def test_the_child_may_open_the_database_anew(path, frozen):
    assert run(
        FORK
        + f"""
import gc
held = env.snapshot(held=True)
{frozen}
def child():
    again = Environment.open(path)
    assert again is not env
    assert ids(again) == [1]
    docs(again, 2)
    again.close()
    again = Environment.open(path)
    docs(again, 3)
    again.close()
in_child(child)
say(ids(env), list(held.ids(held.collection("docs"))))
docs(env, 4)
env.close()
again = Environment.open(path)
say(ids(again))
again.close()
gc.unfreeze()  # or the kernel's objects are never collected, and it says so
""",
        path,
    ).split("\n") == ["[1, 2, 3] [1]", "[1, 2, 3, 4]"]


def test_grandchildren_may_too(path):
    assert (
        run(
            FORK
            + """
def child():
    again = Environment.open(path)
    docs(again, 2)
    def grandchild():
        refuses(env.snapshot, again.snapshot)
        third = Environment.open(path)
        docs(third, 3)
        third.close()
    in_child(grandchild)
    docs(again, 4)
    again.close()
in_child(child)
say(ids(env))
env.close()
""",
            path,
        )
        == "[1, 2, 3, 4]"
    )


def test_forking_while_another_thread_writes_and_others_read(path):
    """No lock that a thread of the parent held is missing in the child."""
    assert (
        run(
            FORK
            + """
stop = threading.Event()
def write():
    i = 10
    while not stop.is_set():
        docs(env, i)
        i += 1
def read():
    while not stop.is_set():
        ids(env)
threads = [threading.Thread(target=f) for f in (write, read, read)]
for thread in threads:
    thread.start()
def child():
    refuses(env.snapshot, env.batch)
    again = Environment.open(path, lock_timeout=30)
    assert 1 in ids(again)
    with again.batch(timeout=30) as batch:
        batch.put(b"\\x7f", b"")
    again.close()
for _ in range(10):
    time.sleep(0.02)
    in_child(child)
stop.set()
for thread in threads:
    thread.join()
env.close()
say("done")
""",
            path,
        )
        == "done"
    )


def test_inside_a_batch_the_child_unwinds_without_harm(path):
    assert (
        run(
            FORK
            + """
pid = None
try:
    with env.batch() as batch:
        add(batch, batch.collection("docs"), 2)
        pid = os.fork()
        if pid == 0:
            raise KeyError
except KeyError:
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
docs(env, 3)
say(ids(env))
env.close()
""",
            path,
        )
        == "[1, 2, 3]"
    )


def test_multiprocessing_with_fork_opens_in_the_workers(path):
    assert run(
        FORK
        + """
import multiprocessing
def work(i):
    mine = Environment.open(path, lock_timeout=60)
    docs(mine, i)
    mine.close()
    return i
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(3) as pool:
        pool.map(work, range(10, 20))
    say(ids(env))
    env.close()
""",
        path,
    ) == str([1, *range(10, 20)])


def test_a_child_that_only_runs_a_program_is_no_matter(path):
    assert run(
        FORK
        + """
import subprocess
subprocess.run([sys.executable, "-c", "print('hello', flush=True)"], check=True)
docs(env, 2)
say(ids(env))
env.close()
""",
        path,
    ).split("\n") == ["hello", "[1, 2]"]
