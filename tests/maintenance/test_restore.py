"""A backup takes the place of a database whole and verified, or nothing happens."""

import os
import shutil
import stat
import subprocess
import sys

import pytest

import vdb
from vdb.maintenance import restore as restore_module
from vdb.store import file_restore

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes and locks are another thing there")


def fill(path, *ids):
    with vdb.open(path) as db:
        found = db.collection("c") if "c" in db else db.create_collection("c", dim=2, metric="l2")
        found.upsert(list(ids), [[i, 1] for i in ids])


def ids(path):
    with vdb.open(path, create=False) as db:
        assert list(db.check()) == []
        return sorted(db.collection("c").ids())


@pytest.fixture
def backup(path, tmp_path):
    """A copy with records 1 and 2, of a database that has three by now."""
    fill(path, 1, 2)
    with vdb.open(path) as db:
        db.backup(tmp_path / "backup")
    fill(path, 3)
    return tmp_path / "backup"


def names(directory):
    return {file.name for file in directory.iterdir()}


class TestRestoring:
    """What lies there afterwards."""

    def test_the_old_file_stays_beside_it(self, backup, path):
        report = vdb.restore(backup, path)
        assert (report.path, report.collections, report.commit) == (str(path), ("c",), 3)
        assert report.bytes == (path / "data.mdb").stat().st_size
        assert ids(path) == [1, 2]
        kept = [name for name in names(path) if name.startswith("data.mdb.replaced-")]
        assert report.kept == str(path / kept[0])
        fill(path, 9)
        assert ids(path) == [1, 2, 9]
        (path / kept[0]).replace(path / "data.mdb")
        assert ids(path) == [1, 2, 3]

    def test_or_goes(self, backup, path):
        before = names(path)
        assert vdb.restore(backup / "data.mdb", path, keep_old=False).kept is None
        assert ids(path) == [1, 2]
        assert names(path) == before

    @pytest.mark.parametrize("there", ["nothing", "an empty directory", "lock files"])
    def test_where_there_is_none_it_is_made(self, backup, tmp_path, there):
        target = tmp_path / "new"
        if there != "nothing":
            target.mkdir()
        if there == "lock files":
            for name in ("lock.mdb", "open.lock", "writer.lock"):
                shutil.copy(backup.parent / "test.vdb" / name, target)
        assert vdb.restore(backup, target).kept is None
        assert ids(target) == [1, 2]
        assert names(tmp_path) == {"test.vdb", "backup", "new"}

    def test_the_source_is_only_read(self, backup, path):
        before = {file.name: file.read_bytes() for file in backup.iterdir()}
        vdb.restore(backup, path)
        assert {file.name: file.read_bytes() for file in backup.iterdir()} == before

    def test_a_table_of_the_old_file_does_no_harm(self, backup, path):
        """It counts more transactions than the restored file has seen."""
        for i in range(20):
            fill(path, i)
        vdb.restore(backup, path)
        assert ids(path) == [1, 2]

    def test_a_damaged_database_is_what_it_is_for(self, backup, path):
        (path / "data.mdb").write_bytes(os.urandom(50_000))
        vdb.restore(backup, path)
        assert ids(path) == [1, 2]

    def test_and_one_whose_file_was_lost(self, backup, path):
        (path / "data.mdb").unlink()
        vdb.restore(backup, path)
        assert ids(path) == [1, 2]

    @POSIX
    def test_access_is_that_of_the_file_it_replaces(self, backup, path):
        (path / "data.mdb").chmod(0o640)
        vdb.restore(backup, path)
        assert stat.S_IMODE((path / "data.mdb").stat().st_mode) == 0o640

    def test_progress_is_told(self, backup, path):
        told = []
        vdb.restore(backup, path, progress=lambda *one: told.append(one))
        size = (backup / "data.mdb").stat().st_size
        assert told[0] == ("copying", 0, size)
        assert told[-1] == ("verifying", size, size)
        assert ("copying", size, size) in told


class TestRefusing:
    """Everything is as it was."""

    @pytest.fixture(autouse=True)
    def unchanged(self, backup, path):
        before = (path / "data.mdb").read_bytes(), names(path), names(path.parent)
        yield
        assert before[:2] == ((path / "data.mdb").read_bytes(), names(path))
        assert names(path.parent) - before[2] <= {"there", "lone"}
        assert ids(path) == [1, 2, 3]

    @pytest.mark.parametrize("damage", ["cut", "a page", "a record", "garbage", "empty"])
    def test_a_source_that_is_not_sound(self, backup, path, damage):
        data = backup / "data.mdb"
        whole = bytearray(data.read_bytes())
        if damage == "cut":
            whole = whole[: len(whole) // 4096 // 2 * 4096]
        elif damage == "a page":
            whole[3 * 4096 :] = os.urandom(len(whole) - 3 * 4096)
        elif damage == "a record":
            at = whole.index(b"\x31\0\0\0\1")
            whole[at + 9] ^= 1
        else:
            whole = os.urandom(30_000) if damage == "garbage" else b""
        data.write_bytes(whole)
        with pytest.raises(vdb.CorruptedError) as caught:
            vdb.restore(backup, path)
        assert caught.value.where == str(data)

    @POSIX
    @pytest.mark.parametrize("which", ["target", "source"])
    def test_one_of_them_is_open_here(self, backup, path, which):
        with (
            vdb.open(path if which == "target" else backup, read_only=True),
            pytest.raises(vdb.BusyError, match="this or another process"),
        ):
            vdb.restore(backup, path)

    @POSIX
    @pytest.mark.parametrize("which", ["target", "source", "target, whose file was removed"])
    def test_one_of_them_is_open_in_another_process_which_is_named(self, backup, path, which):
        script = "import sys, vdb; db = vdb.open(sys.argv[1]); print(1, flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", script, str(backup if which == "source" else path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other:
            other.stdout.readline()
            if "removed" in which:
                (path / "data.mdb").rename(path.parent / "aside")
            with pytest.raises(vdb.BusyError) as caught:
                vdb.restore(backup, path, lock_timeout=0.2)
            assert caught.value.received == [other.pid]
            if "removed" in which:
                (path.parent / "aside").rename(path / "data.mdb")
            other.communicate("\n")

    def test_it_is_stopped(self, backup, path):
        for stage in ("copying", "verifying"):

            def stop(what, done, _total, stage=stage):
                if what == stage and done > 0:
                    raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                vdb.restore(backup, path, progress=stop)

    def test_the_disk_is_full(self, backup, path, monkeypatch):
        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(file_restore.os, "fsync", full)
        with pytest.raises(vdb.DiskFullError):
            vdb.restore(backup, path)

    def test_it_fails_in_the_last_moment(self, backup, path, monkeypatch):
        def fail(*_, **__):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(file_restore.Path, "replace", fail)
        with pytest.raises(vdb.DiskError):
            vdb.restore(backup, path)

    def test_the_source_is_missing_or_the_target_itself(self, backup, path):
        with pytest.raises(vdb.NotFoundError):
            vdb.restore(backup / "no", path)
        with pytest.raises(vdb.InvalidArgumentError, match="was to be restored"):
            vdb.restore(path, path)

    def test_the_target_is_something_else(self, backup, path):
        place = path.parent / "there"
        place.write_text("x")
        with pytest.raises(vdb.InvalidArgumentError, match="is a file"):
            vdb.restore(backup, place)
        place.unlink()
        place.mkdir()
        (place / "thesis.txt").write_text("dear diary")
        with pytest.raises(vdb.InvalidArgumentError, match="other things"):
            vdb.restore(backup, place)
        assert names(place) == {"thesis.txt"}
        with pytest.raises(vdb.NotFoundError):
            vdb.restore(backup, place / "no" / "deeper")

    @POSIX
    def test_a_link_in_the_target_is_not_followed(self, backup, path):
        place = path.parent / "there"
        place.mkdir()
        (path.parent / "lone").write_text("words")
        (place / "writer.lock").symlink_to(path.parent / "lone")
        with pytest.raises(vdb.CorruptedError, match="symbolic link"):
            vdb.restore(backup, place)
        assert (path.parent / "lone").read_text() == "words"


def test_who_opens_meanwhile_waits_and_sees_the_restored_file(backup, path, monkeypatch):
    script = "import sys, vdb; print(sorted(vdb.open(sys.argv[1]).collection('c').ids()))"
    real, opened = restore_module._verified, []

    def verified(*args):
        opened.append(
            subprocess.Popen(
                [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
            )
        )
        with pytest.raises(subprocess.TimeoutExpired):
            opened[0].wait(1.0)
        return real(*args)

    monkeypatch.setattr(restore_module, "_verified", verified)
    vdb.restore(backup, path)
    assert opened[0].communicate()[0].strip() == "[1, 2]"


@POSIX
def test_what_a_crash_left_of_a_file_that_was_to_be_kept_is_taken_away(backup, path):
    """It has two names between two steps."""
    os.link(path / "data.mdb", path / "data.mdb.replaced-20260101T000000Z")
    assert ids(path) == [1, 2, 3]
    assert names(path) == {"data.mdb", "lock.mdb", "open.lock", "writer.lock"}
