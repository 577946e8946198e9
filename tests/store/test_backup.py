"""Copies are whole, private and of one moment; compacting wants the database for itself."""

import os
import stat
import threading

import pytest

from support.store_tools import add, child, docs, ids, run
from vdb.errors import (
    BusyError,
    DiskFullError,
    InvalidArgumentError,
    NotFoundError,
    ReadOnlyError,
)
from vdb.store import Environment, backup
from vdb.store.files import mounts


def shrink(env):
    """Many records, then few."""
    docs(env, *range(300), payload="x" * 3000)
    with env.batch() as batch:
        batch.drop_collection("docs")
    docs(env, 1, 2)


class TestCopy:
    """Hot backups."""

    @pytest.mark.parametrize("compact", [True, False])
    def test_a_copy_is_a_database_of_its_own(self, env, tmp_path, compact):
        docs(env, 1, 2, payload="x" * 10_000)
        env.copy(tmp_path / "copy", compact=compact)
        docs(env, 3)
        copied = Environment.open(tmp_path / "copy", create=False)
        assert copied is not env
        assert copied.uuid == env.uuid
        assert ids(copied) == [1, 2]
        docs(copied, 9)
        copied.close()
        assert ids(env) == [1, 2, 3]

    def test_a_copy_is_private(self, env, tmp_path):
        env.copy(tmp_path / "copy")
        assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
        files = list((tmp_path / "copy").iterdir())
        assert {file.name for file in files} == {"data.mdb", "open.lock", "writer.lock"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    def test_a_compact_copy_has_no_free_pages(self, env, tmp_path):
        shrink(env)
        env.copy(tmp_path / "full", compact=False)
        env.copy(tmp_path / "small", compact=True)
        full, small = ((tmp_path / name / "data.mdb").stat().st_size for name in ("full", "small"))
        assert small < full / 5

    @pytest.mark.parametrize("make", ["mkdir", "touch"])
    def test_what_exists_is_not_overwritten(self, env, tmp_path, make):
        getattr(tmp_path / "copy", make)()
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(InvalidArgumentError, match="exists already"):
            env.copy(tmp_path / "copy")
        assert sorted(tmp_path.rglob("*")) == before

    def test_a_missing_parent_is_named(self, env, tmp_path):
        with pytest.raises(NotFoundError, match="no directory"):
            env.copy(tmp_path / "no" / "copy")

    def test_without_room_nothing_is_left(self, env, tmp_path, monkeypatch):
        monkeypatch.setattr(mounts, "free_bytes", lambda _: 1000)
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(DiskFullError, match="1,000"):
            env.copy(tmp_path / "copy")
        assert sorted(tmp_path.rglob("*")) == before

    def test_copies_under_a_running_writer_are_each_of_one_moment(self, env, path, tmp_path):
        script = """
env = Environment.open(path)
docs(env, -1, name="a")
say("started")
i = 0
while not (path.parent / "stop").exists():
    docs(env, i, name="a")
    with env.batch() as batch:
        for name in "bc":
            found = batch.collection(name) if name in batch.names() else create(batch, name)
            add(batch, found, i)
    i += 1
env.close()
say(i)
"""
        with child(script, path) as writer:
            writer.hear()
            seen = []
            for n in range(20):
                target = tmp_path / f"copy{n}"
                env.copy(target, compact=n % 2 == 0)
                copied = Environment.open(target, create=False, read_only=True)
                with copied.snapshot() as snapshot:
                    names = snapshot.names()
                assert names in (["a"], ["a", "b", "c"])
                if names == ["a", "b", "c"]:
                    assert ids(copied, "b") == ids(copied, "c")
                    assert len(ids(copied, "a")) - len(ids(copied, "b")) in (1, 2)
                    seen.append(len(ids(copied, "a")))
                copied.close()
            (path.parent / "stop").touch()
            assert int(writer.hear()) > 0
            writer.end()
        assert seen == sorted(seen)

    def test_inside_a_batch_the_last_commit_is_copied(self, env, tmp_path):
        docs(env, 1)
        with env.batch() as batch:
            add(batch, batch.collection("docs"), 2)
            env.copy(tmp_path / "copy")
            with pytest.raises(BusyError, match="this thread"):
                env.copy(tmp_path / "other", compact=False)
        copied = Environment.open(tmp_path / "copy", create=False)
        assert ids(copied) == [1]
        copied.close()

    def test_a_reader_can_copy(self, path, tmp_path):
        Environment.open(path).close()
        reader = Environment.open(path, read_only=True)
        for n, compact in enumerate((True, False)):
            reader.copy(tmp_path / str(n), compact=compact)
        reader.close()


class TestCompact:
    """Rewriting in place."""

    def test_the_file_becomes_small_and_nothing_is_lost(self, env, path):
        shrink(env)
        before = (path / "data.mdb").stat().st_size
        env.compact()
        assert (path / "data.mdb").stat().st_size < before / 5
        assert ids(env) == [1, 2]
        assert env.stats().pages_free <= 2
        docs(env, 3)
        assert ids(env) == [1, 2, 3]
        assert stat.S_IMODE((path / "data.mdb").stat().st_mode) == 0o600
        assert {file.name for file in path.iterdir()} == {
            *("data.mdb", "lock.mdb", "open.lock", "writer.lock")
        }

    def test_commits_go_on_counting(self, env):
        docs(env, 1)
        env.compact()
        docs(env, 2)
        with env.snapshot() as snapshot:
            assert snapshot.commit == 3

    def test_not_while_another_process_has_it_open(self, env, path):
        shrink(env)
        with child("env = Environment.open(path); say(1); hear(); env.close()", path) as other:
            other.hear()
            with pytest.raises(BusyError, match="open in another process"):
                env.compact()
            docs(env, 3)
            other.say()
            other.end()
        env.compact()
        assert ids(env) == [1, 2, 3]

    def test_a_killed_process_does_not_count(self, env, path):
        with child("env = Environment.open(path); say(1); hear()", path) as other:
            other.hear()
            other.kill()
        env.compact()

    def test_another_process_waits_while_it_runs_and_sees_the_new_file(self, path):
        Environment.open(path).close()
        script = """
import vdb.store.backup as backup
env = Environment.open(path)
docs(env, 1)
original = backup._replace
def slow(*args):
    say("now")
    time.sleep(0.3)
    original(*args)
backup._replace = slow
env.compact()
say(hear())
docs(env, 2)
env.close()
"""
        with child(script, path) as compacting:
            compacting.hear()
            with pytest.raises(BusyError, match="compacted"):
                Environment.open(path, lock_timeout=0.05)
            env = Environment.open(path, lock_timeout=20.0)
            assert ids(env) == [1]
            compacting.say("done")
            compacting.end()
            assert ids(env) == [1, 2]
            env.close()

    def test_not_while_snapshots_are_held(self, env):
        docs(env, 1)
        with env.snapshot(held=True) as held:
            with pytest.raises(BusyError, match="open snapshots"):
                env.compact()
            assert held.names() == ["docs"]
        env.compact()

    def test_not_while_something_runs(self, path):
        env = Environment.open(path, lock_timeout=0.05)
        with env.snapshot(), pytest.raises(BusyError, match="in use"):
            env.compact()
        env.compact()
        env.close()

    def test_not_inside_a_batch(self, env):
        with env.batch(), pytest.raises(BusyError, match="this thread"):
            env.compact()

    def test_searches_in_other_threads_go_on(self, env):
        docs(env, *range(100), payload="x" * 100)
        stop = threading.Event()
        wrong = []

        def search():
            while not stop.is_set():
                try:
                    if ids(env) != list(range(100)):
                        wrong.append("content")
                except BaseException as error:  # noqa: BLE001  # told to the main thread
                    wrong.append(error)

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            env.compact()
        stop.set()
        for thread in threads:
            thread.join()
        assert wrong == []

    def test_without_room_nothing_is_changed(self, env, path, monkeypatch):
        docs(env, 1)
        monkeypatch.setattr(backup.mounts, "free_bytes", lambda _: 1000)
        with pytest.raises(DiskFullError):
            env.compact()
        monkeypatch.undo()
        assert ids(env) == [1]
        docs(env, 2)
        assert len(list(path.iterdir())) == 4

    def test_a_crash_at_any_moment_leaves_the_old_file_or_the_new(self, path):
        script = """
import vdb.store.backup as backup
killing = killing_at(int(hear()))
env = Environment.open(path)
for name in ("_copy_to", "_replace", "sync_directory"):
    setattr(backup, name, killing(getattr(backup, name)))
backup.temporary_directory.make = killing(backup.temporary_directory.make)
env.handle.file.close = killing(env.handle.file.close)
env.handle.file.reopen = killing(env.handle.file.reopen)
env.compact()
env.close()
say("survived")
"""
        env = Environment.open(path)
        shrink(env)
        env.close()
        for step in range(1, 20):
            with child(script, path) as compacting:
                compacting.say(str(step))
                died = compacting.process.wait() != 0
            env = Environment.open(path)
            assert ids(env) == [1, 2]
            env.close()
            if not died:
                break
        assert 5 < step < 19

    def test_what_a_crash_left_is_removed_later(self, env, path):
        left = path / f"{backup.COMPACTING}old"
        left.mkdir()
        (left / "data.mdb").write_bytes(b"x" * 10_000)
        os.utime(left, (0, 0))
        env.compact()
        assert not left.exists()

    def test_a_reader_cannot(self, path):
        Environment.open(path).close()
        reader = Environment.open(path, read_only=True)
        with pytest.raises(ReadOnlyError):
            reader.compact()
        reader.close()


def test_the_new_file_is_the_one_that_is_locked(path):
    """After compacting, another process and this one still exclude each other."""
    assert (
        run(
            """
env = Environment.open(path)
docs(env, 1)
env.compact()
held = env.snapshot(held=True)
import subprocess
code = (
    "import sys; sys.path.insert(0, '.'); from support.store_tools import docs;"
    "from vdb.store import Environment; env = Environment.open(sys.argv[1]);"
    "[docs(env, n) for n in range(2, 30)]; print(env.stats().readers); env.close()"
)
out = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True)
say(int(out.stdout) >= 2, list(held.ids(held.collection("docs"))), len(ids(env)))
held.close()
env.close()
""",
            path,
        )
        == "True [1] 29"
    )
