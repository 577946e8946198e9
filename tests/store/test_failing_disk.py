"""Errors of the disk itself are told with their outcome, and what is left can be read."""

from support.store_descriptors import DESCRIPTORS, LINUX
from support.store_tools import run


@LINUX
class TestFailing:
    """Errors of the disk itself."""

    def test_a_failed_write_of_pages_changes_nothing_and_says_so(self, path):
        assert run(
            DESCRIPTORS
            + """
os.dup2(os.open("/dev/null", os.O_RDONLY), pages)
held = env.snapshot(held=True)
error = fails(errors.DiskError, lambda: docs(env, 2, payload="x" * 100_000))
say(type(error) is errors.DiskError, "nothing was changed" in str(error))
say(error.expected, error.received)
say(held.closed, ids(env))
docs(env, 3)
say(ids(env))
env.close()
""",
            path,
        ).split("\n") == ["True True", "3 2", "True [1]", "[1, 3]"]

    def test_a_failed_write_waits_for_a_walk_of_a_held_snapshot_before_it_ends_it(self, path):
        assert run(
            DESCRIPTORS
            + """
from vdb.store import snapshot
step, begun = snapshot.read_range, threading.Event()
def slow_step(*arguments):
    begun.set()
    time.sleep(0.2)
    return step(*arguments)
held = env.snapshot(held=True)
walk = held.items(b"\\x30")
snapshot.read_range = slow_step
thread = threading.Thread(target=lambda: say(len(list(walk)), held.closed))
thread.start()
begun.wait()
snapshot.read_range = step
os.dup2(os.open("/dev/null", os.O_RDONLY), meta)
error = fails(errors.CommitUnknownError, lambda: docs(env, 2))
thread.join()
say(held.closed, error.received)
env.close()
""",
            path,
        ).split("\n") == ["1 False", "True 2"]

    def test_a_failed_write_of_the_meta_page_is_told_with_its_outcome(self, path):
        assert run(
            DESCRIPTORS
            + """
os.dup2(os.open("/dev/null", os.O_RDONLY), meta)
error = fails(errors.CommitUnknownError, lambda: docs(env, 2))
say(error.expected, error.received, ids(env))
docs(env, 3)
say(ids(env))
env.close()
again = Environment.open(path)
say(ids(again))
again.close()
""",
            path,
        ).split("\n") == ["3 2 [1]", "[1, 3]", "[1, 3]"]

    def test_while_others_search_it_can_only_be_closed(self, path):
        assert run(
            DESCRIPTORS
            + """
env.handle.lock_timeout = 0.05
os.dup2(os.open("/dev/null", os.O_RDONLY), meta)
lease = env.snapshot()
error = fails(errors.CommitUnknownError, lambda: docs(env, 2))
say(error.expected, error.received, "close it and open it again" in str(error))
say(type(fails(errors.ClosedError, env.snapshot)).__name__)
lease.close()
env.close()
again = Environment.open(path)
docs(again, 3)
say(ids(again))
again.close()
""",
            path,
        ).split("\n") == ["3 None True", "ClosedError", "[1, 3]"]
