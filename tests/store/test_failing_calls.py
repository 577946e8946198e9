"""Calls that fail in places where that is rare: each found by the campaign `failing`."""

import errno
import os
import sys
from pathlib import Path

import pytest

from support.store_tools import docs, ids
from vdb.errors import CommitUnknownError, DiskError, DiskFullError, InvalidArgumentError
from vdb.store import Environment, handle
from vdb.store.files import creation, data_file, file_lock, mounts
from vdb.store.files import lmdb_env as engine

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def failing(code=errno.EIO):
    """A function that fails whatever it is given."""

    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    return fail


def left_open(path: Path) -> list[str]:
    links = Path("/proc/self/fd").iterdir()
    targets = [str(link.readlink()) for link in links if link.is_symlink()]
    return [target for target in targets if target.startswith(f"{path}")]


@LINUX
class TestOpening:
    """Whatever fails at opening, nothing stays open, and the next opening works."""

    @pytest.mark.parametrize(
        ("where", "name"),
        [
            (file_lock, "_try"),
            (engine, "_needed"),
            (data_file.registry, "file_id"),
            (handle.mounts, "is_read_only"),
            (engine, "lengthen"),
        ],
    )
    def test_a_call_that_fails_is_a_disk_error(self, closed, monkeypatch, where, name):
        with monkeypatch.context() as patched:
            if name == "lengthen":  # of a file that looks short only
                patched.setattr(engine, "is_short", lambda *_: True)
            patched.setattr(where, name, failing())
            options = {"read_only": True} if name == "is_read_only" else {}
            with pytest.raises(DiskError) as caught:
                Environment.open(closed, **options)
            assert caught.value.errno == errno.EIO
        assert left_open(closed) == []
        env = Environment.open(closed)
        docs(env, 2)
        assert ids(env) == [1, 2]
        env.close()

    def test_too_many_open_files_are_no_error_of_the_commit(self, closed, monkeypatch):
        monkeypatch.setattr(os, "open", failing(errno.EMFILE))
        with pytest.raises(DiskError, match="Too many open files") as caught:
            Environment.open(closed)
        assert type(caught.value) is DiskError
        assert caught.value.errno == errno.EMFILE
        monkeypatch.undo()
        assert left_open(closed) == []

    def test_a_writer_lock_with_half_of_its_files_is_let_go(self, closed, monkeypatch):
        real = os.open

        def refuse_directory(name, *rest):
            if Path(name) == closed:
                raise OSError(errno.EMFILE, "too many")
            return real(name, *rest)

        monkeypatch.setattr(os, "open", refuse_directory)
        with pytest.raises(DiskError):
            Environment.open(closed)
        assert left_open(closed) == []
        monkeypatch.undo()

    def test_a_name_that_is_too_long_is_an_argument_that_cannot_be(self, tmp_path):
        with pytest.raises(InvalidArgumentError, match="too long"):
            Environment.open(tmp_path / ("x" * 300))


class TestWriting:
    """What fails once a commit has happened does not say that it has not."""

    @pytest.fixture
    def env(self, closed):
        env = Environment.open(closed)
        yield env
        env.close()

    def test_a_lock_that_cannot_be_given_back_is_given_back_by_closing_it(self, env, monkeypatch):
        with monkeypatch.context() as patched:
            patched.setattr(file_lock, "_unlock", failing())
            docs(env, 2)
        docs(env, 3)
        assert ids(env) == [1, 2, 3]

    def test_a_lock_that_cannot_be_taken_is_a_disk_error_and_nothing_else(self, env, monkeypatch):
        with monkeypatch.context() as patched:
            patched.setattr(file_lock, "_try", failing())
            with pytest.raises(DiskError):
                docs(env, 2)
        docs(env, 3)
        assert ids(env) == [1, 3]

    def test_where_nobody_can_tell_how_much_is_free_it_is_tried(self, env, monkeypatch):
        monkeypatch.setattr(os, "statvfs", failing())
        assert mounts.free_bytes(env.path) is None
        docs(env, 2)
        assert ids(env) == [1, 2]

    def test_a_commit_that_has_no_memory_left_to_be_remembered_is_one(self, env, monkeypatch):
        def committed(*_):
            raise MemoryError

        with monkeypatch.context() as patched:
            patched.setattr(env.handle.cache, "committed", committed)
            docs(env, 2)
        assert ids(env) == [1, 2]
        docs(env, 3)
        assert ids(env) == [1, 2, 3]

    def test_a_file_that_cannot_be_lengthened_is_committed_all_the_same(self, env, monkeypatch):
        monkeypatch.setattr(os, "truncate", failing())
        monkeypatch.setattr(engine, "_needed", lambda _: 1 << 40)
        docs(env, 2)
        assert ids(env) == [1, 2]


class TestPuttingInPlace:
    """A name that the disk did not confirm."""

    @pytest.fixture
    def unconfirmed(self, monkeypatch):
        def sync_directory(path):
            if not path.name.startswith("."):
                failing()()

        monkeypatch.setattr(creation, "sync_directory", sync_directory)

    def test_a_database_may_or_may_not_have_been_made(self, path, unconfirmed, monkeypatch):
        with pytest.raises(CommitUnknownError, match="was put in its place"):
            Environment.open(path)
        monkeypatch.undo()
        env = Environment.open(path)
        docs(env, 1)
        env.close()

    def test_a_compacted_file_is_used_although_it_was_not_confirmed(
        self, closed, unconfirmed, monkeypatch
    ):
        env = Environment.open(closed)
        with pytest.raises(CommitUnknownError):
            env.compact()
        monkeypatch.undo()
        docs(env, 2)
        assert ids(env) == [1, 2]
        env.close()

    @pytest.mark.parametrize(
        ("where", "name"), [(engine, "_needed"), (data_file.registry, "file_id")]
    )
    def test_a_compacted_file_that_cannot_be_opened_may_be_the_new_one(
        self, closed, monkeypatch, where, name
    ):
        env = Environment.open(closed)
        with monkeypatch.context() as patched:
            patched.setattr(where, name, failing())
            with pytest.raises(CommitUnknownError, match="is in its place"):
                env.compact()
        with pytest.raises(ValueError, match="could not be opened again"):
            ids(env)
        env.close()
        again = Environment.open(closed)
        assert ids(again) == [1]
        again.close()

    def test_who_is_not_known_to_have_it_open_does_not_go_on(self, closed, monkeypatch):
        """Somebody else could compact meanwhile."""
        env = Environment.open(closed)
        real = file_lock.FileLock.acquire

        def acquire(self, *, shared, timeout):
            if shared:
                raise DiskError("no locks")
            return real(self, shared=shared, timeout=timeout)

        with monkeypatch.context() as patched:
            patched.setattr(file_lock.FileLock, "acquire", acquire)
            with pytest.raises(CommitUnknownError, match="no locks"):
                env.compact()
        with pytest.raises(ValueError, match="could not be taken back"):
            ids(env)
        env.close()
        again = Environment.open(closed)
        assert ids(again) == [1]
        again.close()


def test_what_relaxed_left_is_flushed_or_said(closed, monkeypatch):
    import lmdb

    class Unsynced:
        """The engine, which cannot flush."""

        def __init__(self, engine):
            self._engine = engine

        def __getattr__(self, name):
            return getattr(self._engine, name)

        def sync(self, _):
            raise lmdb.Error("mdb_env_sync: Input/output error")

    env = Environment.open(closed, durability="relaxed")
    docs(env, 2)
    env.handle.file.engine = Unsynced(env.handle.file.engine)
    with pytest.raises(DiskError):
        env.close()
    env.close()
    again = Environment.open(closed)
    assert ids(again) == [1, 2]
    again.close()


def test_full_is_a_failure_of_the_disk():
    assert issubclass(DiskFullError, DiskError)
    assert issubclass(CommitUnknownError, DiskError)
