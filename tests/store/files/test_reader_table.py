"""The table of readers has all of its room on the disk: a hole would end the process."""

import errno
import os
import sys

import pytest

from support.store_tools import ids, run
from vdb.errors import DiskFullError
from vdb.store import Environment
from vdb.store.files import reader_table

pytestmark = pytest.mark.skipif(os.name == "nt", reason="LMDB makes the file in another way there")


def names(path):
    return sorted(file.name for file in path.iterdir())


def test_it_is_no_hole_and_takes_as_many_readers_as_ever(closed):
    status = (closed / "lock.mdb").stat()
    assert status.st_blocks * 512 >= status.st_size
    assert status.st_mode & 0o777 == 0o600
    env = Environment.open(closed)
    assert env.stats().max_readers == reader_table.MAX_READERS
    env.close()
    assert names(closed) == ["data.mdb", "lock.mdb", "open.lock", "writer.lock"]


@pytest.mark.skipif(sys.platform != "linux", reason="sizes of LMDB's structures differ")
def test_it_is_as_long_as_lmdb_makes_it(closed, tmp_path):
    import lmdb

    lmdb.open(str(tmp_path / "plain"), max_readers=1024, lib_version=0).close()
    plain = (tmp_path / "plain" / "lock.mdb").stat()
    assert (closed / "lock.mdb").stat().st_size == plain.st_size


def test_where_there_is_no_room_for_it_opening_is_refused(closed, monkeypatch):
    (closed / "lock.mdb").unlink()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DiskFullError):
            Environment.open(closed)
    assert names(closed) == ["data.mdb", "open.lock", "writer.lock"]
    env = Environment.open(closed)
    assert ids(env) == [1]
    env.close()


def test_who_comes_second_takes_the_table_that_is_there(closed, monkeypatch):
    real = os.link

    def link(source, target):
        real(source, target)  # somebody else, a moment before
        real(source, target)

    (closed / "lock.mdb").unlink()
    monkeypatch.setattr(os, "link", link)
    env = Environment.open(closed)
    assert ids(env) == [1]
    env.close()


def test_where_it_may_not_be_made_lmdb_says_so(closed, monkeypatch):
    (closed / "lock.mdb").unlink()

    def refuse(*_):
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(os, "mkdir", refuse)
    Environment.open(closed).close()  # LMDB may, here
    assert (closed / "lock.mdb").exists()


@pytest.mark.parametrize("table", [True, False], ids=["with a table", "without"])
def test_a_full_disk_ends_no_process(small_disk, table):
    said = run(
        f"""
env = Environment.open(path / "a.vdb")
docs(env, 1)
env.close()
if not {table}:
    os.unlink(path / "a.vdb" / "lock.mdb")
with open(path / "ballast", "wb", buffering=0) as file:
    try:
        while True:
            file.write(bytes(4096))
    except OSError:
        pass
try:
    env = Environment.open(path / "a.vdb")
except errors.DiskFullError:
    say("full")
else:
    held = [env.snapshot(held=True) for _ in range(200)]
    say(len(held), ids(env))
    env.close()
""",
        small_disk,
    )
    assert said == ("200 [1]" if table else "full")
