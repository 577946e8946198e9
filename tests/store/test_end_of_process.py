"""The interpreter ends with everything still open, and nothing is lost."""

from support.store_tools import ids, run
from vdb.store import Environment


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
