"""Files and directories of another user."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from support.store_tools import docs, run
from vdb.store import Environment

ROOT = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may change users"
)


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
