"""What is done after opening is done to the files that are open, wherever their path leads."""

import os
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path

import pytest

from support.store_tools import add, child, docs, ids, run
from vdb.errors import (
    BusyError,
    CommitUnknownError,
    CorruptedError,
    InvalidArgumentError,
    StaleError,
)
from vdb.store import Environment, batch
from vdb.store.files import creation, lmdb_env
from vdb.store.files.directory import FILES, Directory

pytestmark = pytest.mark.skipif(os.name == "nt", reason="open files cannot be replaced there")


@pytest.fixture
def other(tmp_path):
    """Another database, closed, with one record."""
    path = tmp_path / "other.vdb"
    env = Environment.open(path)
    docs(env, 77)
    env.close()
    return path


def exchange(one, two):
    aside = one.with_name("aside")
    one.rename(aside)
    two.rename(one)
    aside.rename(two)


def compact(env):
    env.compact()


def rebuild(env):
    with env.rebuilding():
        pass


WRITES = {
    "commit": lambda env: docs(env, 2),
    "compact": compact,
    "rebuild": rebuild,
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    "done", ["moved", "removed", "exchanged", "file replaced", "file removed", "table removed"]
)
def test_what_writes_is_refused_once_the_path_leads_elsewhere(env, path, other, done, write):
    docs(env, 1)
    before = {file.name: file.read_bytes() for file in other.iterdir()}
    kept = path.parent / "kept"
    shutil.copytree(path, kept)
    place = path
    if done == "moved":
        place = path.rename(path.parent / "moved.vdb")
        other.rename(path)
        other = path
    elif done == "removed":
        shutil.rmtree(path)
    elif done == "exchanged":
        exchange(path, other)
        place, other = other, path
    elif done == "file replaced":
        (kept / "data.mdb").replace(path / "data.mdb")
    else:
        (path / ("data.mdb" if done == "file removed" else "lock.mdb")).unlink()
    with pytest.raises(StaleError, match="nothing was changed"):
        WRITES[write](env)
    assert {file.name: file.read_bytes() for file in other.iterdir()} == before
    env.close()
    if done == "file removed":
        shutil.copy(kept / "data.mdb", path)
    if done != "removed":
        again = Environment.open(place)
        assert ids(again) == [1]
        docs(again, 3)
        again.close()
        (place / "lock.mdb").unlink()
    shutil.rmtree(kept)


@pytest.mark.parametrize("name", ["lock.mdb", "writer.lock"])
def test_a_lock_file_that_was_removed_is_noticed_by_who_writes(env, path, name):
    docs(env, 1)
    (path / name).unlink()
    with pytest.raises(StaleError, match=name):
        docs(env, 2)


def test_the_lock_of_a_rebuild_is_looked_at_by_its_commits(env, path):
    docs(env, 1)
    with env.rebuilding():
        docs(env, 2)
        (path / "rebuild.lock").unlink()
        with pytest.raises(StaleError, match=r"rebuild\.lock"):
            docs(env, 3)
    docs(env, 3)
    assert ids(env) == [1, 2, 3]


def test_a_file_replaced_while_a_batch_is_open_stays_untouched(env, path, tmp_path):
    docs(env, 1)
    env.copy(tmp_path / "copy")
    with pytest.raises(StaleError), env.batch() as changes:
        add(changes, changes.collection("docs"), 2)
        (tmp_path / "copy" / "data.mdb").replace(path / "data.mdb")
        before = (path / "data.mdb").read_bytes()
    assert (path / "data.mdb").read_bytes() == before


def test_a_file_replaced_in_the_moment_of_the_commit_is_told_apart(
    env, path, tmp_path, monkeypatch
):
    docs(env, 1)
    env.copy(tmp_path / "copy")
    real = batch.Batch._publish

    def publish(self, changed):
        real(self, changed)
        (tmp_path / "copy" / "data.mdb").replace(path / "data.mdb")

    with monkeypatch.context() as patched:
        patched.setattr(batch.Batch, "_publish", publish)
        with pytest.raises(CommitUnknownError, match="was written to the file that is open"):
            docs(env, 2)


def test_a_change_within_one_tick_of_the_clock_is_seen(env, path):
    """A directory's ctime may not have moved yet: all files are looked at until it has some age."""
    docs(env, 1)
    for _ in range(50):
        env.handle.directory.check()
        (path / "writer.lock").rename(path / "aside")
        with pytest.raises(StaleError):
            env.handle.directory.check()
        (path / "aside").rename(path / "writer.lock")
    time.sleep(0.1)
    env.handle.directory.check()
    assert env.handle.directory._settled == path.stat().st_ctime_ns
    (path / "writer.lock").rename(path / "aside")
    with pytest.raises(StaleError):
        env.handle.directory.check()
    (path / "aside").rename(path / "writer.lock")


def test_another_file_is_not_lengthened(env, path, monkeypatch):
    docs(env, 1)
    (path / "data.mdb").rename(path.parent / "aside")
    (path / "data.mdb").write_bytes(b"short")
    monkeypatch.setattr(lmdb_env, "_needed", lambda _: 1 << 20)
    with pytest.raises(StaleError):
        env.handle.file.lengthen()
    assert (path / "data.mdb").read_bytes() == b"short"
    (path.parent / "aside").rename(path / "data.mdb")
    env.handle.file.lengthen()
    assert (path / "data.mdb").stat().st_size >= 1 << 20


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_a_file_that_was_overwritten_in_place_is_not_written_on(path, commits):
    """What it shows is older than the table says, which would pick one of its two meta pages."""
    env = Environment.open(path)
    docs(env, *range(5))
    docs(env, 5)
    env.close()
    kept = (path / "data.mdb").read_bytes()
    env = Environment.open(path)
    for number in range(commits):
        docs(env, 10 + number)
    with (path / "data.mdb").open("r+b") as file:
        file.write(kept)
    said = run(
        """
try:
    Environment.open(path)
except errors.BusyError as error:
    say(error.received == [os.getppid()], "overwritten" in str(error))
""",
        path,
    )
    assert said == "True True"
    with pytest.raises(StaleError, match="overwritten"):
        docs(env, 20)
    time.sleep(0.02)
    with pytest.raises(StaleError, match="overwritten"):
        ids(env)
    env.close()
    env = Environment.open(path)
    assert ids(env) == list(range(6))
    docs(env, 7)
    env.close()


class TestReading:
    """A reader goes on with files that lie together, wherever that is."""

    def test_a_directory_that_was_moved_is_read_on(self, env, path):
        docs(env, 1)
        path.rename(path.parent / "moved.vdb")
        time.sleep(0.02)
        assert ids(env) == [1]

    @pytest.mark.parametrize("name", ["data.mdb", "lock.mdb"])
    def test_a_file_that_was_replaced_is_let_go_of(self, env, path, name):
        docs(env, 1)
        with env.snapshot(held=True) as moment:
            shutil.copy(path / name, path / "new")
            (path / "new").replace(path / name)
            time.sleep(0.02)
            with pytest.raises(StaleError, match=name):
                ids(env)
            with moment.use():
                assert list(moment.ids(moment.collection("docs"))) == [1]


class TestOpening:
    """Which files may be opened together."""

    SCRIPT = """
env = Environment.open(path)
docs(env, 1)
say("open")
hear()
try:
    say(ids(env))
except errors.StaleError:
    say("stale")
env.close()
"""

    def test_a_restored_file_is_not_opened_beside_processes_on_the_old_one(self, path, tmp_path):
        first = Environment.open(path)
        docs(first, 5, 6)
        first.copy(tmp_path / "copy")
        first.close()
        with child(self.SCRIPT, path) as holder:
            holder.hear()
            (tmp_path / "copy" / "data.mdb").replace(path / "data.mdb")
            with pytest.raises(BusyError, match="close it there first") as caught:
                Environment.open(path)
            assert caught.value.received == [holder.process.pid]
            assert str(holder.process.pid) in str(caught.value)
            holder.say()
            assert holder.hear() == "stale"
            holder.end()
        env = Environment.open(path)
        assert ids(env) == [5, 6]
        docs(env, 7)
        env.close()

    @pytest.mark.parametrize("name", FILES)
    def test_whatever_is_removed_a_second_process_shares_all_files_or_is_refused(self, path, name):
        env = Environment.open(path)
        with env.rebuilding():
            pass
        env.close()
        with child(self.SCRIPT, path) as holder:
            holder.hear()
            (path / name).unlink()
            try:
                env = Environment.open(path)
            except BusyError:
                assert name in ("data.mdb", "lock.mdb")
                assert not (path / name).exists()
            else:
                assert name not in ("data.mdb", "lock.mdb")
                docs(env, 2)
                assert ids(env) == [1, 2]
                env.close()
            holder.say()
            holder.hear()
            holder.end()

    def test_the_same_in_one_process(self, path, tmp_path):
        old = Environment.open(path)
        docs(old, 1)
        old.copy(tmp_path / "copy")
        (tmp_path / "copy" / "data.mdb").replace(path / "data.mdb")
        with pytest.raises(BusyError, match="this process has"):
            Environment.open(path, lock_timeout=0.1)
        with pytest.raises(StaleError):
            docs(old, 2)
        old.close()
        new = Environment.open(path)
        assert ids(new) == [1]
        new.close()

    def test_files_exchanged_between_two_open_databases_are_refused(self, path, tmp_path):
        """Each has its lock: the file that of its readers, the table that of its users."""
        for name in ("data.mdb", "lock.mdb"):
            one, two = tmp_path / f"one-{name}", tmp_path / f"two-{name}"
            for place in (one, two):
                Environment.open(place).close()
            with child(self.SCRIPT, one) as first, child(self.SCRIPT, two) as second:
                first.hear()
                second.hear()
                exchange(one / name, two / name)
                for place in (one, two):
                    with pytest.raises(BusyError):
                        Environment.open(place, lock_timeout=0.1)
                exchange(one / name, two / name)
                env = Environment.open(one)
                docs(env, 3)
                assert ids(env) == [1, 3]
                env.close()
                for holder in (first, second):
                    holder.say()
                    holder.hear()
                    holder.end()

    def test_a_table_left_by_another_file_is_begun_anew(self, path, tmp_path):
        """Its newest transaction would pick the wrong one of two meta pages."""
        env = Environment.open(path)
        docs(env, 1)
        env.copy(tmp_path / "copy")
        for number in range(2, 9):
            docs(env, number)
        env.close()
        (tmp_path / "copy" / "data.mdb").replace(path / "data.mdb")
        env = Environment.open(path)
        assert ids(env) == [1]
        docs(env, 9)
        assert ids(env) == [1, 9]
        env.close()

    def test_a_moved_database_opens_under_its_new_name_while_it_is_open(self, path):
        with child(self.SCRIPT, path) as holder:
            holder.hear()
            moved = path.rename(path.parent / "moved.vdb")
            env = Environment.open(moved)
            docs(env, 2)
            holder.say()
            assert holder.hear() == "[1, 2]"  # it reads on, where the file is now
            holder.end()
            env.close()


def test_a_file_that_is_gone_when_the_engine_comes_is_not_made_anew(path, monkeypatch):
    """LMDB makes an empty one then."""
    Environment.open(path).close()
    real = lmdb_env.open_engine

    def late(*args, **kwargs):
        (path / "data.mdb").rename(path.parent / "aside")
        return real(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(lmdb_env, "open_engine", late)
        with pytest.raises(StaleError):
            Environment.open(path)
    assert not (path / "data.mdb").exists()
    (path.parent / "aside").rename(path / "data.mdb")
    env = Environment.open(path)
    docs(env, 1)
    env.close()


class TestFilesOfADirectory:
    """Each is a regular file of this directory with one name, or it is not opened."""

    @pytest.mark.parametrize("name", FILES)
    @pytest.mark.parametrize("to", ["a file", "nothing"])
    @pytest.mark.parametrize("read_only", [False, True])
    def test_a_link_is_refused_and_what_it_leads_to_left_alone(
        self, closed, tmp_path, name, to, read_only
    ):
        notes = tmp_path / "notes.txt"
        if to == "a file":
            notes.write_bytes(b"words\n" * 100)
        (closed / name).unlink(missing_ok=True)
        (closed / name).symlink_to(notes)
        before = sorted(closed.iterdir())
        with pytest.raises(CorruptedError, match="a symbolic link"):
            Environment.open(closed, read_only=read_only, verify="full")
        assert sorted(closed.iterdir()) == before
        assert notes.exists() == (to == "a file")
        if to == "a file":
            assert notes.read_bytes() == b"words\n" * 100
        (closed / name).unlink()
        (closed / "data.mdb").unlink(missing_ok=True)

    @pytest.mark.parametrize("name", FILES)
    def test_a_pipe_is_refused_and_not_waited_for(self, closed, name):
        (closed / name).unlink(missing_ok=True)
        os.mkfifo(closed / name)
        with pytest.raises(CorruptedError, match="a pipe"):
            Environment.open(closed)
        (closed / name).unlink()
        (closed / "data.mdb").unlink(missing_ok=True)

    @pytest.mark.parametrize("name", FILES)
    def test_a_file_with_two_names_is_refused(self, closed, tmp_path, name):
        (closed / name).touch()
        os.link(closed / name, tmp_path / "second")
        with pytest.raises(InvalidArgumentError, match="hard links"):
            Environment.open(closed)
        (tmp_path / "second").unlink()
        env = Environment.open(closed)
        assert ids(env) == [1]
        env.close()

    def test_a_link_to_nothing_in_an_empty_directory_makes_nothing(self, path, tmp_path):
        path.mkdir()
        for name in FILES:
            (path / name).symlink_to(tmp_path / "elsewhere")
            with pytest.raises(CorruptedError):
                Environment.open(path)
            (path / name).unlink()
        assert list(path.iterdir()) == []
        assert not (tmp_path / "elsewhere").exists()


def test_a_closed_place_leads_nowhere(tmp_path):
    place = Directory(tmp_path)
    assert place.here.stat().st_ino == tmp_path.stat().st_ino
    place.close()
    with pytest.raises(OSError):
        (place.here / "x").touch()


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount an overlay"
)
def test_on_an_overlay_a_reader_sees_what_a_writer_writes(tmp_path):
    """The first to open for writing gets a copy of the file; everybody must have that one."""
    if os.system("unshare -m true 2>/dev/null"):
        pytest.skip("no mount namespaces here")
    said = run(
        """
import subprocess
low, up, work, top = (path / name for name in ("low", "up", "work", "top"))
for directory in (low, up, work, top):
    directory.mkdir()
made = Environment.open(low / "db")
docs(made, *range(100))
made.close()
mount = f"mount -t overlay x -o lowerdir={low},upperdir={up},workdir={work} {top}"
script = '''
reader = Environment.open(path, read_only=True)
say(len(ids(reader)))
import subprocess
from support import store_tools
store_tools.run("env = Environment.open(path); docs(env, 1000); env.close()", path)
say(len(ids(reader)))
reader.close()
'''
done = subprocess.run(["unshare", "-m", "sh", "-c", mount + ' && exec "$@"', "sh", sys.executable,
    "-c", store_tools.PRELUDE + script, str(top / "db")], capture_output=True, text=True)
say("no overlays" if "mount:" in done.stderr else done.stdout.split() or done.stderr)
""",
        tmp_path,
    )
    if said == "no overlays":
        pytest.skip("no overlays here")
    assert said == "['100', '101']"


class TestAccess:
    """Who could use a database before it was rewritten can afterwards."""

    @pytest.fixture
    def open_to_all(self):
        place = Path(tempfile.mkdtemp(prefix="vdb-test-"))
        place.chmod(0o755)
        yield place
        shutil.rmtree(place)

    MODES = (0o600, 0o640, 0o660, 0o664)

    @pytest.mark.parametrize("mode", MODES)
    def test_new_files_have_the_mode_of_the_others(self, env, path, mode):
        docs(env, 1)
        path.chmod(0o2770)
        for file in path.iterdir():
            file.chmod(mode)
        env.compact()
        with env.rebuilding():
            pass
        env.close()
        for name in ("lock.mdb", "open.lock"):
            (path / name).unlink()
        env = Environment.open(path)
        docs(env, 2)
        env.close()
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {mode}
        assert len(list(path.iterdir())) == len(FILES)
        Environment.open(path).close()

    @pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="only root may change users"
    )
    def test_owner_and_group_stay(self, env, path):
        docs(env, 1)
        for file in path.iterdir():
            os.chown(file, 12345, 54321)
            file.chmod(0o660)
        env.compact()
        with env.rebuilding():
            pass
        assert {(s.st_uid, s.st_gid) for s in (file.stat() for file in path.iterdir())} == {
            (12345, 54321)
        }

    @pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="only root may change users"
    )
    def test_a_member_of_the_group_compacts_for_all_and_gives_no_other_group_anything(
        self, closed, open_to_all
    ):
        closed = closed.rename(open_to_all / "shared.vdb")
        os.chown(closed, 2000, 3000)
        closed.chmod(0o2770)
        for file in closed.iterdir():
            os.chown(file, 2000, 3000)
            file.chmod(0o660)
        script = """
os.setgroups([{groups}]); os.setgid(2001); os.setuid(2001)
env = Environment.open(path); docs(env, {n}); env.compact(); env.close()
"""
        run(script.format(groups=3000, n=2), closed)
        status = (closed / "data.mdb").stat()
        assert (status.st_uid, status.st_gid) == (2001, 3000)
        assert stat.S_IMODE(status.st_mode) == 0o660
        run(script.format(groups=3000, n=3).replace("2001", "2002"), closed)
        # Without the directory's bit a new file has its maker's group, and he is in no other.
        for file in (closed, *closed.iterdir()):
            os.chown(file, 2002, 3000)
        closed.chmod(0o700)
        run(script.format(groups="", n=4).replace("2001", "2002"), closed)
        status = (closed / "data.mdb").stat()
        assert (status.st_uid, status.st_gid) == (2002, 2002)
        assert stat.S_IMODE(status.st_mode) == 0o600

    @pytest.mark.parametrize(
        ("mode", "files"), [(0o2770, 0o660), (0o2750, 0o640), (0o2700, 0o600), (0o755, 0o600)]
    )
    @pytest.mark.parametrize("how", ["beside", "inside"])
    def test_a_directory_made_for_a_group_holds_a_database_for_the_group(
        self, path, monkeypatch, mode, files, how
    ):
        path.mkdir()
        path.chmod(mode)
        if how == "inside":
            monkeypatch.setattr(creation, "_rename", lambda _new, _path: False)
        env = Environment.open(path)
        docs(env, 1)
        with env.rebuilding():
            pass
        env.close()
        kept = mode if mode & stat.S_ISGID or how == "inside" else 0o700
        assert stat.S_IMODE(path.stat().st_mode) == kept
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {files}
