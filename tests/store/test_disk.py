"""Disks that are full, fail, or only read."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from store_tools import docs, ids, run
from vdb.errors import DiskFullError
from vdb.store import Environment, mounts

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
ROOT = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may change users"
)

DESCRIPTORS = """
def descriptors():
    \"\"\"The data file's: that of pages, that of meta pages.\"\"\"
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if target == str(path / "data.mdb"):
            found.append(int(name))
    return sorted(found)
def fails(error, function):
    try:
        function()
    except error as caught:
        return caught
    raise AssertionError("nothing was raised")
env = Environment.open(path)
docs(env, 1)
pages, meta = descriptors()
"""


@LINUX
class TestFull:
    """No space left."""

    def test_a_full_disk_changes_nothing_and_passes(self, path):
        assert run(
            DESCRIPTORS
            + """
saved = os.dup(pages)
os.dup2(os.open("/dev/full", os.O_WRONLY), pages)
error = fails(errors.DiskFullError, lambda: docs(env, 2, payload="x" * 100_000))
say(isinstance(error, OSError), "nothing was changed" in str(error))
say(ids(env))
os.dup2(saved, pages)
os.close(saved)
docs(env, 3)
say(ids(env))
env.close()
""",
            path,
        ).split("\n") == ["True True", "[1]", "[1, 3]"]

    def test_a_limit_on_the_size_of_files_is_a_full_disk(self, path):
        assert run(
            """
import resource
env = Environment.open(path)
docs(env, 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
try:
    docs(env, 2, payload="x" * 1_000_000)
except errors.DiskFullError:
    say("full")
say(ids(env))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
docs(env, 2, payload="x" * 1_000_000)
say(ids(env))
env.close()
""",
            path,
        ).split("\n") == ["full", "[1]", "[1, 2]"]

    @ROOT
    def test_on_a_small_file_system_every_acknowledged_record_stays(self, tmp_path):
        disk = tmp_path / "disk"
        disk.mkdir()
        if os.system(f"mount -t tmpfs -o size=4m none {disk} 2>/dev/null"):
            pytest.skip("nothing can be mounted here")
        try:
            assert run(
                """
env = Environment.open(path / "a.vdb")
docs(env)
kept = []
while True:
    try:
        docs(env, len(kept), payload="x" * 50_000)
    except errors.DiskFullError:
        break
    kept.append(len(kept))
say(len(kept) > 20, ids(env) == kept)
for slot in reversed(kept[10:]):
    with env.batch() as batch:
        found = batch.collection("docs")
        batch.delete_record(found, slot, slot)
        found.header.count = found.header.slots = slot
docs(env, 100, payload="x" * 50_000)
say(ids(env) == [*range(10), 100])
env.close()
""",
                disk,
            ).split("\n") == ["True True", "True"]
        finally:
            os.system(f"umount {disk}")


def test_a_large_commit_is_refused_before_it_is_written(env, monkeypatch):
    docs(env, 1)
    monkeypatch.setattr(mounts, "free_bytes", lambda _: 100_000)
    with pytest.raises(DiskFullError, match="nothing was changed") as caught:
        docs(env, 2, payload="x" * 500_000)
    assert caught.value.received == 100_000
    assert caught.value.expected > 1_000_000
    assert ids(env) == [1]
    docs(env, 3)


def test_pages_that_are_free_inside_the_file_count_as_space(env, monkeypatch):
    docs(env, *range(200), payload="x" * 10_000)
    with env.batch() as batch:
        batch.drop_collection("docs")
    for i in range(3):
        docs(env, i, name="other")
    monkeypatch.setattr(mounts, "free_bytes", lambda _: 1000)
    docs(env, 9, name="other", payload="x" * 300_000)
    assert ids(env, "other") == [0, 1, 2, 9]


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
step, begun = snapshot.chunk, threading.Event()
def slow_step(*arguments):
    begun.set()
    time.sleep(0.2)
    return step(*arguments)
held = env.snapshot(held=True)
walk = held.items(b"\\x30")
snapshot.chunk = slow_step
thread = threading.Thread(target=lambda: say(len(list(walk)), held.closed))
thread.start()
begun.wait()
snapshot.chunk = step
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
env.lock_timeout = 0.05
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


READ_ONLY_MOUNT = """
import subprocess
place = path / "a.vdb"
def remount(how):
    subprocess.run(["mount", "-o", f"remount,{how},bind", str(place)], check=True)
"""


@ROOT
class TestReadOnlyMedium:
    """A read-only mount, in a mount namespace of the test's own."""

    @pytest.fixture
    def disk(self, tmp_path):
        env = Environment.open(tmp_path / "a.vdb")
        docs(env, 1, 2)
        env.close()
        if os.system("unshare -m true 2>/dev/null"):
            pytest.skip("no mount namespaces here")
        return tmp_path

    def run(self, script, disk):
        """A child that sees the database under a read-only mount, and under `below` a writable."""
        import subprocess

        from store_tools import PRELUDE

        below = disk / "below"
        below.mkdir()
        mount = (
            f"mount --make-rprivate / && mount --bind {disk}/a.vdb {below} && "
            f"mount --bind {disk}/a.vdb {disk}/a.vdb && mount -o remount,ro,bind {disk}/a.vdb"
        )
        done = subprocess.run(
            [
                *("unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh"),
                *(sys.executable, "-c", PRELUDE + script, str(disk)),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")[:-1]

    def test_it_can_be_read_and_says_so_when_written(self, disk):
        assert self.run(
            """
env = Environment.open(path / "a.vdb", read_only=True)
say(ids(env))
try:
    Environment.open(path / "a.vdb")
except errors.ReadOnlyError as error:
    say("read-only medium" in str(error))
env.close()
try:
    Environment.open(path / "a.vdb")
except errors.ReadOnlyError as error:
    say("read_only=True" in str(error))
""",
            disk,
        ) == ["[1, 2]", "True", "True"]

    def test_nobody_writes_through_another_mount_meanwhile(self, disk):
        assert self.run(
            """
import store_tools
script = '''
try:
    docs(Environment.open(path), 3)
except errors.BusyError as error:
    say("busy")
else:
    say("written")
'''
import subprocess
def write():
    done = subprocess.run([sys.executable, "-c", store_tools.PRELUDE + script.replace(
        "open(path)", "open(path, lock_timeout=0.2)"), str(path / "below")],
        capture_output=True, text=True)
    return done.stdout.strip() or done.stderr
env = Environment.open(path / "a.vdb", read_only=True)
say(write(), ids(env))
env.close()
say(write())
env = Environment.open(path / "a.vdb", read_only=True)
say(ids(env))
env.close()
""",
            disk,
        ) == ["busy [1, 2]", "written", "[1, 2, 3]"]

    def test_without_the_lock_file_it_is_refused(self, disk):
        (disk / "a.vdb" / "writer.lock").unlink()
        assert self.run(
            """
try:
    Environment.open(path / "a.vdb", read_only=True)
except errors.ReadOnlyError as error:
    say("writer.lock" in str(error))
""",
            disk,
        ) == ["True"]


@ROOT
class TestPermissions:
    """Files of another user."""

    @pytest.fixture
    def place(self):
        place = Path(tempfile.mkdtemp(prefix="vdb-test-"))
        place.chmod(0o755)
        env = Environment.open(place / "a.vdb")
        docs(env, 1)
        env.close()
        (place / "a.vdb").chmod(0o755)
        yield place
        shutil.rmtree(place)

    def attempt(self, place, **options):
        return run(
            f"""
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    env = Environment.open(path / "a.vdb", **{options!r})
    say(ids(env))
    env.close()
except errors.VdbError as error:
    say(type(error).__name__)
""",
            place,
        )

    def test_files_that_may_not_be_read_are_refused(self, place):
        assert self.attempt(place) == "ReadOnlyError"
        assert self.attempt(place, read_only=True) == "ReadOnlyError"

    def test_reading_without_taking_part_in_locking_is_refused(self, place):
        """A writer could use pages again that are being read."""
        for file in (place / "a.vdb").iterdir():
            file.chmod(0o644)
        assert self.attempt(place, read_only=True) == "ReadOnlyError"
        (place / "a.vdb" / "lock.mdb").unlink()
        assert self.attempt(place, read_only=True) == "ReadOnlyError"

    def test_reading_with_a_writable_reader_table_is_enough(self, place):
        for file in (place / "a.vdb").iterdir():
            file.chmod(0o644)
        (place / "a.vdb" / "lock.mdb").chmod(0o666)
        assert self.attempt(place, read_only=True) == "[1]"
        assert self.attempt(place) == "ReadOnlyError"

    def test_a_directory_that_may_not_be_written_holds_no_new_database(self, place):
        assert run(
            """
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for name in ("new.vdb", "empty"):
    try:
        Environment.open(path / name)
    except errors.ReadOnlyError as error:
        say(type(error).__name__)
say(sorted(os.listdir(path)))
""",
            place,
        ).split("\n") == ["ReadOnlyError", "ReadOnlyError", "['a.vdb']"]

    def test_an_own_directory_in_a_foreign_one_becomes_a_database(self, place):
        own = place / "own"
        own.mkdir()
        os.chown(own, 65534, 65534)
        assert run(
            """
os.setgroups([]); os.setgid(65534); os.setuid(65534)
env = Environment.open(path / "own")
docs(env, 1)
say(ids(env))
env.close()
say(sorted(os.listdir(path / "own")))
""",
            place,
        ).split("\n") == ["[1]", "['data.mdb', 'lock.mdb', 'open.lock', 'writer.lock']"]
