"""Opening and making a database: what is refused, and that refusing writes nothing."""

import os
import resource
import stat
import subprocess
import threading
import time

import lmdb
import pytest

from store_tools import child, create, docs, ids, run
from vdb.errors import (
    BusyError,
    ClosedError,
    CorruptedError,
    FormatVersionError,
    InvalidArgumentError,
    NotFoundError,
    ReadOnlyError,
)
from vdb.format import keys
from vdb.format.checksums import UNSALTED
from vdb.format.headers import DatabaseHeader
from vdb.format.versions import Identity
from vdb.store import Environment, creation, engine, scratch


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
            os.utime(directory, (0, time.time() - 2 * scratch.STALE_SECONDS))
        Environment.open(path).close()
        assert not old.exists()
        assert young.exists()
        assert foreign.exists()

    def test_a_crash_while_making_leaves_nothing_that_looks_like_one(self, path):
        """Killed at every step, the target does not exist or is whole."""
        script = """
import vdb.store.creation as creation
step = int(hear())
def killing(function):
    def wrapped(*args, **kwargs):
        global step
        step -= 1
        if step == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return wrapped
for name in ("open_engine", "sync_directory", "FileLock", "_rename"):
    setattr(creation, name, killing(getattr(creation, name)))
creation._fill = killing(creation._fill)
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


class TestSharing:
    """One environment for each directory and process."""

    def test_opening_twice_gives_the_same_one(self, env, path):
        again = Environment.open(path)
        assert again is env
        again.close()
        docs(env, 1)

    def test_whatever_path_led_there(self, env, path, tmp_path, monkeypatch):
        link = tmp_path / "link"
        link.symlink_to(path)
        monkeypatch.chdir(tmp_path)
        for other in (link, path.name, str(path) + "/", f"{path}/../{path.name}"):
            again = Environment.open(other)
            assert again is env
            again.close()

    def test_it_is_closed_when_it_was_closed_as_often_as_opened(self, path):
        opened = [Environment.open(path) for _ in range(3)]
        opened[0].close()
        opened[0].close()
        docs(opened[0], 1)
        opened[0].close()
        with pytest.raises(ClosedError):
            opened[0].snapshot()
        opened[0].close()
        with Environment.open(path).snapshot() as snapshot:
            assert snapshot.commit == 2
        again = Environment.open(path)
        again.close()
        again.close()

    def test_a_directory_made_anew_is_another_database(self, path, tmp_path):
        old = Environment.open(path)
        docs(old, 1)
        path.rename(tmp_path / "moved")
        new = Environment.open(path)
        assert new is not old
        assert new.uuid != old.uuid
        assert ids(old) == [1]
        old.close()
        docs(new, 2)
        assert ids(new) == [2]
        new.close()

    def test_a_reader_shares_the_environment_of_a_writer(self, env, path):
        reader = Environment.open(path, read_only=True, durability="relaxed")
        assert reader is env
        assert not reader.read_only
        reader.close()

    def test_a_writer_makes_the_environment_of_a_reader_writable(self, path):
        Environment.open(path).close()
        reader = Environment.open(path, read_only=True)
        assert reader.read_only
        with pytest.raises(ReadOnlyError):
            reader.batch()
        with reader.snapshot() as snapshot:
            assert snapshot.names() == []
        writer = Environment.open(path, durability="relaxed")
        assert writer is reader
        assert not writer.read_only
        assert writer.durability == "relaxed"
        docs(writer, 1)
        writer.close()
        assert ids(reader) == [1]
        reader.close()

    def test_not_while_the_reader_reads(self, path):
        Environment.open(path).close()
        reader = Environment.open(path, read_only=True, lock_timeout=0.05)
        with reader.snapshot(), pytest.raises(BusyError):
            Environment.open(path)
        held = reader.snapshot(held=True)
        with pytest.raises(BusyError, match="close them first"):
            Environment.open(path)
        held.close()
        writer = Environment.open(path)
        docs(writer, 1)
        writer.close()
        reader.close()

    def test_another_durability_is_refused(self, env, path):
        with pytest.raises(InvalidArgumentError, match="durability='full'") as caught:
            Environment.open(path, durability="relaxed")
        assert (caught.value.expected, caught.value.received) == ("full", "relaxed")
        docs(env, 1)

    def test_many_threads_may_open_and_close(self, path):
        Environment.open(path).close()
        failures = []

        def use():
            try:
                for _ in range(30):
                    opened = Environment.open(path)
                    with opened.snapshot() as snapshot:
                        assert snapshot.names() == []
                    opened.close()
            except Exception as error:  # noqa: BLE001  # told to the main thread
                failures.append(error)

        threads = [threading.Thread(target=use) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []


class TestSettings:
    """How LMDB is used."""

    def test_the_map_is_large_and_never_writable(self, env):
        flags = env.file.engine.flags()
        assert env.map_size == 1 << 40
        assert env.stats().max_readers == 1024
        assert not flags["writemap"]
        assert not flags["map_async"]
        assert flags["sync"]
        assert flags["metasync"]
        assert env.file.engine.lib_version()[0] == 0

    def test_the_environment_variable_that_chooses_another_engine_is_not_heeded(self, path):
        env = dict(os.environ, LMDB_DEFAULT_LIB_VERSION="1")
        code = (
            "import sys; from vdb.store import Environment; Environment.open(sys.argv[1]).close()"
        )
        subprocess.run([os.sys.executable, "-c", code, str(path)], check=True, env=env)
        Environment.open(path, create=False).close()

    def test_relaxed_leaves_out_the_second_flush_only(self, path):
        relaxed = Environment.open(path, durability="relaxed")
        flags = relaxed.file.engine.flags()
        assert not flags["metasync"]
        assert flags["sync"]
        docs(relaxed, 1)
        relaxed.close()

    @pytest.mark.skipif(
        "VDB_SANITISED" in os.environ, reason="a sanitizer takes more address space for itself"
    )
    def test_where_address_space_is_short_the_map_is_smaller(self, path):
        limit = 8 << 30
        script = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
env = Environment.open(path)
docs(env, 1, 2)
say(env.map_size)
env.close()
"""
        assert (64 << 20) <= int(run(script, path)) < limit
        assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY

    def test_a_full_small_map_is_a_disk_full_error_and_nothing_changes(self, path):
        script = """
from vdb.store import engine
engine.FIRST_MAP = 1 << 22
import vdb.store.data_file
env = Environment.open(path)
docs(env, 1)
try:
    docs(env, 2, payload="x" * 1_000_000, name="a")
    with env.batch() as batch:
        found = batch.collection("docs")
        for i in range(3, 100):
            add(batch, found, i, payload="x" * 1_000_000)
except errors.DiskFullError as error:
    say("full" in str(error))
docs(env, 4)
say(ids(env))
env.close()
"""
        assert run(script, path).split("\n") == ["True", "[1, 4]"]

    def test_a_process_with_a_smaller_map_adopts_what_another_has_written(self, env, path):
        script = """
from vdb.store import engine
engine.FIRST_MAP = 1 << 20
env = Environment.open(path)
say(env.map_size)
hear()
say(ids(env), env.map_size >= 4_000_000)
hear()
docs(env, 2)
say(ids(env))
env.close()
"""
        docs(env, 0)
        with child(script, path) as other:
            assert int(other.hear()) < 4_000_000
            with env.batch() as batch:
                for i in range(6):
                    create(batch, f"c{i}")
                    batch.put_record(batch.collection("docs"), 0, 0, "x" * 1_000_000)
                    batch.put_record(batch.collection(f"c{i}"), 0, 0, "x" * 1_000_000)
            other.say()
            assert other.hear() == "[0] True"
            other.say()
            assert other.hear() == "[0, 2]"
            other.end()


class TestReadOnly:
    """Opening for reading."""

    def test_reading_beside_a_writer_of_another_process(self, env, path):
        docs(env, 1)
        with child(
            """
env = Environment.open(path, read_only=True)
say(ids(env), env.read_only)
hear()
say(ids(env))
env.close()
""",
            path,
        ) as reader:
            assert reader.hear() == "[1] True"
            docs(env, 2)
            reader.say()
            assert reader.hear() == "[1, 2]"
            reader.end()

    def test_writing_is_refused(self, path):
        Environment.open(path).close()
        reader = Environment.open(path, read_only=True)
        for write in (reader.batch, reader.compact):
            with pytest.raises(ReadOnlyError, match="read_only=True"):
                write()
        reader.close()


class TestWhatIsThere:
    """The checks of the first records."""

    def put(self, path, key, value):
        with (
            lmdb.open(str(path), lib_version=0, map_size=1 << 30) as raw,
            raw.begin(write=True) as txn,
        ):
            if value is None:
                txn.delete(key)
            else:
                txn.put(key, value)

    @pytest.fixture
    def closed(self, path):
        Environment.open(path).close()
        return path

    def test_a_newer_format_is_refused_naming_the_release(self, closed):
        self.put(closed, keys.IDENTITY, Identity(99, "7.0.0").encode())
        with pytest.raises(FormatVersionError, match=r"'7\.0\.0' or later"):
            Environment.open(closed)

    def test_a_newer_format_is_refused_whatever_its_header_looks_like(self, closed):
        self.put(closed, keys.IDENTITY, Identity(99, "7.0.0").encode())
        self.put(closed, keys.DATABASE, b"something new")
        with pytest.raises(FormatVersionError):
            Environment.open(closed)

    @pytest.mark.parametrize("value", [None, b"", b"vdbstore", b"something else"])
    def test_a_missing_or_foreign_identity_is_damage(self, closed, value):
        self.put(closed, keys.IDENTITY, value)
        with pytest.raises(CorruptedError, match="identity"):
            Environment.open(closed)

    @pytest.mark.parametrize("value", [None, b"", b"1234{}"])
    def test_a_missing_or_damaged_header_is_damage(self, closed, value):
        self.put(closed, keys.DATABASE, value)
        with pytest.raises(CorruptedError, match="key 01"):
            Environment.open(closed)

    def test_a_header_for_another_page_size_is_damage(self, closed):
        header = DatabaseHeader(b"u" * 16, 16384, 16368, 65520, 1.5, "0.1.0", 1, 1)
        self.put(closed, keys.DATABASE, UNSALTED.wrap(keys.DATABASE, header.encode()))
        with pytest.raises(CorruptedError, match="page_size: expected 4096, got 16384"):
            Environment.open(closed)

    @pytest.mark.damages
    def test_a_data_file_that_is_a_link_is_refused(self, closed, tmp_path):
        (closed / "data.mdb").rename(tmp_path / "elsewhere")
        (closed / "data.mdb").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(CorruptedError, match="regular file"):
            Environment.open(closed)

    @pytest.mark.damages
    def test_garbage_in_place_of_the_data_is_damage(self, closed):
        (closed / "data.mdb").write_bytes(os.urandom(100_000))
        with pytest.raises(CorruptedError, match=r"data\.mdb"):
            Environment.open(closed)

    @pytest.mark.damages
    def test_a_file_of_the_other_engine_is_refused(self, closed):
        for file in closed.iterdir():
            if file.suffix == ".mdb":
                file.unlink()
        lmdb.open(str(closed), lib_version=1).close()
        with pytest.raises(CorruptedError):
            Environment.open(closed)

    def test_a_refused_database_can_be_opened_once_it_is_mended(self, closed):
        self.put(closed, keys.IDENTITY, Identity(99, "7.0.0").encode())
        for _ in range(2):
            with pytest.raises(FormatVersionError):
                Environment.open(closed)
        self.put(closed, keys.IDENTITY, Identity(1, "0.1.0").encode())
        opened = Environment.open(closed)
        docs(opened, 1)
        opened.close()


def test_stats_say_what_lmdb_knows(env):
    docs(env, *range(100), payload="x" * 1000)
    stats = env.stats()
    assert stats.pages == stats.pages_used + stats.pages_free
    assert stats.file_size >= stats.pages * stats.page_size
    assert stats.entries == 3 + 1 + 2 + 200 + 0
    assert stats.lmdb_version[:2] == (0, 9)
    assert stats.readers >= 1
    assert stats.txn_id == 2
    assert stats.max_readers == engine.MAX_READERS
