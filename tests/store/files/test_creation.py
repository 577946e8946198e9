"""A new database: private, whole or not there, and nothing else is touched."""

import os
import stat
import time

import lmdb
import pytest

from support.store_tools import child, docs, ids
from vdb.errors import (
    InvalidArgumentError,
    NotFoundError,
)
from vdb.store import Environment
from vdb.store.files import creation, temporary_directory


def contents(directory):
    return {
        str(found.relative_to(directory)): found.read_bytes() if found.is_file() else None
        for found in directory.rglob("*")
    }


class TestMaking:
    """A new database."""

    def test_it_is_private_to_its_owner(self, path):
        Environment.open(path).close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        for file in path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file

    def test_it_is_private_whatever_the_umask(self, path):
        before = os.umask(0)
        try:
            Environment.open(path).close()
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600}

    def test_nothing_is_left_beside_it(self, path):
        Environment.open(path).close()
        assert list(path.parent.iterdir()) == [path]
        assert {file.name for file in path.iterdir()} == {
            "data.mdb",
            "lock.mdb",
            "open.lock",
            "writer.lock",
        }

    def test_an_empty_directory_becomes_one(self, path):
        path.mkdir()
        Environment.open(path).close()
        assert (path / "data.mdb").exists()

    def test_it_is_not_made_unless_asked(self, path):
        with pytest.raises(NotFoundError, match="no database"):
            Environment.open(path, create=False)
        with pytest.raises(NotFoundError):
            Environment.open(path, read_only=True)
        path.mkdir()
        with pytest.raises(NotFoundError):
            Environment.open(path, create=False)
        assert list(path.iterdir()) == []

    def test_parents_are_not_made(self, path):
        with pytest.raises(NotFoundError, match="no directory"):
            Environment.open(path / "deeper")
        assert not path.exists()

    def test_a_directory_with_other_things_is_refused_and_left_alone(self, path):
        path.mkdir()
        (path / "thesis.txt").write_text("dear diary")
        before = contents(path)
        with pytest.raises(InvalidArgumentError, match="not a vdb database"):
            Environment.open(path)
        assert contents(path) == before

    def test_a_file_is_refused(self, path):
        path.write_text("hello")
        with pytest.raises(InvalidArgumentError, match="is a file"):
            Environment.open(path)
        assert path.read_text() == "hello"

    def test_somebody_elses_lmdb_environment_is_refused_and_left_alone(self, path):
        path.mkdir()
        with lmdb.open(str(path), lib_version=0) as other, other.begin(write=True) as txn:
            txn.put(b"a", b"b")
        (path / "lock.mdb").unlink()
        before = contents(path)
        with pytest.raises(InvalidArgumentError, match="not a vdb database"):
            Environment.open(path)
        assert contents(path) == before

    @pytest.mark.damages
    @pytest.mark.parametrize("garbage", [b"", b"x", bytes(100_000), os.urandom(100_000)])
    def test_a_data_file_that_lmdb_cannot_read_is_refused_and_left_alone(self, path, garbage):
        path.mkdir()
        (path / "data.mdb").write_bytes(garbage)
        before = contents(path)
        with pytest.raises(InvalidArgumentError, match="not a vdb database"):
            Environment.open(path)
        assert contents(path) == before

    def test_a_lone_data_file_of_ours_is_opened(self, env, path, tmp_path):
        docs(env, 1, 2)
        env.copy(tmp_path / "copy")
        lone = tmp_path / "lone"
        lone.mkdir()
        (tmp_path / "copy" / "data.mdb").rename(lone / "data.mdb")
        opened = Environment.open(lone)
        assert ids(opened) == [1, 2]
        opened.close()

    def test_two_processes_may_make_the_same_one_at_once(self, path):
        script = "hear(); env = Environment.open(path); say(env.uuid.hex()); hear(); env.close()"
        for _ in range(5):
            with child(script, path) as one, child(script, path) as two:
                one.say()
                two.say()
                assert one.hear() == two.hear()
                one.say()
                two.say()
                one.end()
                two.end()
            assert list(path.parent.iterdir()) == [path]
            for file in path.iterdir():
                file.unlink()

    def test_what_crashed_creations_left_is_removed_when_it_is_old(self, path):
        old, young, foreign = (
            path.parent / name
            for name in (
                f".{path.name}{creation.INFIX}old",
                f".{path.name}{creation.INFIX}young",
                f".other{creation.INFIX}old",
            )
        )
        for directory in (old, young, foreign):
            directory.mkdir()
            (directory / "data.mdb").write_bytes(b"half")
        for directory in (old, foreign):
            os.utime(directory, (0, time.time() - 2 * temporary_directory.STALE_SECONDS))
        Environment.open(path).close()
        assert not old.exists()
        assert young.exists()
        assert foreign.exists()

    def test_a_crash_while_making_leaves_nothing_that_looks_like_one(self, path):
        """Killed at every step, the target does not exist or is whole."""
        script = """
import vdb.store.files.creation as creation
killing = killing_at(int(hear()))
for name in ("open_engine", "sync_directory", "FileLock", "_rename"):
    setattr(creation, name, killing(getattr(creation, name)))
creation.create_empty = killing(creation.create_empty)
Environment.open(path).close()
say("survived")
"""
        for step in range(1, 20):
            with child(script, path) as maker:
                maker.say(str(step))
                died = maker.process.wait() != 0
            if path.exists():
                Environment.open(path, create=False).close()
            else:
                with pytest.raises(NotFoundError):
                    Environment.open(path, create=False)
                assert died
            if not died:
                break
            if path.exists():
                for file in path.iterdir():
                    file.unlink()
                path.rmdir()
        assert 5 < step < 19

    def test_inside_a_mount_point_it_is_made_in_place(self, path, monkeypatch):
        path.mkdir()
        (path / "lost+found").mkdir()
        monkeypatch.setattr(creation, "_rename", lambda _new, _path: False)
        opened = Environment.open(path)
        docs(opened, 1)
        assert ids(opened) == [1]
        opened.close()
        assert {file.name for file in path.iterdir()} == {
            *("data.mdb", "lock.mdb", "lost+found", "open.lock", "writer.lock")
        }
