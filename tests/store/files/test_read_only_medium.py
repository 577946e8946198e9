"""A medium that cannot be written is read, and never while somebody writes it."""

import os
import sys
from pathlib import Path

import pytest

from support.store_tools import docs
from vdb.store import Environment

ROOT = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may change users"
)


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

        from support.store_tools import PRELUDE

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
            cwd=Path(__file__).parents[2],
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
from support import store_tools
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

    def test_a_data_file_alone_that_shall_be_written_is_called_read_only(self, disk):
        for name in ("open.lock", "writer.lock", "lock.mdb"):
            (disk / "a.vdb" / name).unlink(missing_ok=True)
        assert self.run(
            """
try:
    Environment.open(path / "a.vdb")
except errors.ReadOnlyError as error:
    say("read_only=True" in str(error), "no directory" not in str(error))
""",
            disk,
        ) == ["True True"]
