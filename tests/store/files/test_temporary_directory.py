"""What is in the making lives as long as somebody makes it, whatever the clock says."""

import os
import shutil
import time

import pytest

from support.store_tools import child, docs, ids
from vdb.store import Environment, backup
from vdb.store.files import creation, temporary_directory

pytestmark = pytest.mark.skipif(os.name == "nt", reason="directories cannot be locked there")

LONG_AGO = time.time() - 100 * temporary_directory.STALE_SECONDS
PREFIX = ".x.vdb-making-"


def age(directory):
    os.utime(directory, (LONG_AGO, LONG_AGO))


def test_what_somebody_makes_is_never_taken_for_a_crashs(tmp_path):
    made = temporary_directory.make(tmp_path, PREFIX)
    (made / "half").write_bytes(b"half")
    age(made)
    temporary_directory.remove_stale(tmp_path, PREFIX)
    assert (made / "half").exists()
    temporary_directory.remove(made)
    assert list(tmp_path.iterdir()) == []


def test_of_another_process_neither_until_it_is_killed(tmp_path):
    script = f"""
from vdb.store.files import temporary_directory
made = temporary_directory.make(path, {PREFIX!r})
(made / "half").write_bytes(b"half")
os.utime(made, ({LONG_AGO}, {LONG_AGO}))
say(made.name)
hear()
"""
    with child(script, tmp_path) as maker:
        made = tmp_path / maker.hear()
        temporary_directory.remove_stale(tmp_path, PREFIX)
        assert (made / "half").exists()
        maker.kill()
    temporary_directory.remove_stale(tmp_path, PREFIX)
    assert not made.exists()


def test_what_it_is_not_its_own_it_leaves(tmp_path):
    """Links, files and directories of other names."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "thesis.txt").write_text("dear diary")
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    (tmp_path / f"{PREFIX}file").write_text("x")
    inside = tmp_path / f"{PREFIX}left"
    inside.mkdir()
    (inside / "link").symlink_to(elsewhere)
    age(inside)
    temporary_directory.remove_stale(tmp_path, PREFIX)
    assert (elsewhere / "thesis.txt").read_text() == "dear diary"
    assert {file.name for file in tmp_path.iterdir()} == {
        *("elsewhere", f"{PREFIX}link", f"{PREFIX}file")
    }


def test_two_backups_to_one_place_do_not_disturb_each_other(env, tmp_path, monkeypatch):
    """The first takes hours; the second is done at once."""
    docs(env, 1, 2)
    real = backup._copy_to

    def slow(handle, directory, *, compact):
        real(handle, directory, compact=compact)
        age(directory)
        monkeypatch.setattr(backup, "_copy_to", real)
        env.copy(tmp_path / "copy")
        shutil.move(tmp_path / "copy", tmp_path / "second")

    monkeypatch.setattr(backup, "_copy_to", slow)
    env.copy(tmp_path / "copy")
    for name in ("copy", "second"):
        copied = Environment.open(tmp_path / name)
        assert ids(copied) == [1, 2]
        copied.close()


@pytest.mark.parametrize("what", ["creation", "compaction"])
def test_nor_do_others_in_the_making(path, tmp_path, monkeypatch, what):
    made = []
    real = creation.create_empty if what == "creation" else backup._copy_to

    def slow(*args, **kwargs):
        directory = args[0] if what == "creation" else args[1]
        age(directory)
        prefix = directory.name[: directory.name.rindex("-") + 1]
        temporary_directory.remove_stale(directory.parent, prefix)
        made.append(directory.exists())
        return real(*args, **kwargs)

    if what == "compaction":
        Environment.open(path).close()
        env = Environment.open(path)
        monkeypatch.setattr(backup, "_copy_to", slow)
        env.compact()
    else:
        monkeypatch.setattr(creation, "create_empty", slow)
        env = Environment.open(path)
    docs(env, 1)
    env.close()
    assert made == [True]
