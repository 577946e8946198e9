"""Pages and exports take the places that were named, whole, and only those that are theirs."""

import os
import stat
import sys

import pytest

from vdb.store.new_files import replacing


def test_a_page_takes_the_place_of_a_page_and_of_nothing_else(run, untouched, tmp_path):
    page, notes = tmp_path / "page.html", tmp_path / "notes.txt"
    notes.write_text("mine")
    for _ in range(2):
        assert run("inspect", untouched, "notes", "--html", page).status == 0
    assert run("inspect", untouched, "notes", "--html", notes).failed_with("--html", "is no page")
    assert notes.read_text() == "mine"


def test_a_place_that_cannot_be_is_named_as_it_was_given(run, untouched, tmp_path):
    nowhere = tmp_path / "no" / "x"
    ran = run("inspect", untouched, "notes", "--html", nowhere)
    assert ran.failed_with(f"there is no directory {nowhere.parent}")
    ran = run("export", untouched, "notes", "--out", nowhere)
    assert ran.failed_with(f"there is no directory {nowhere.parent}")
    assert ".x" not in ran.err
    assert run("inspect", untouched, "notes", "--html", "").failed_with("empty path")
    assert run("inspect", untouched, "notes", "--html", os.devnull).failed_with("is no page")


@pytest.mark.skipif(sys.platform != "linux", reason="there is no such directory elsewhere")
def test_a_database_that_cannot_be_made_is_named_as_it_was_given(run, untouched):
    assert run("create", "/proc/x.vdb").failed_with("/proc/x.vdb cannot be made")
    ran = run("backup", untouched, "/proc/copy.vdb")
    assert ran.failed_with("/proc/copy.vdb cannot be made")
    assert ".vdb-copy" not in ran.err


@pytest.mark.skipif(os.name == "nt", reason="there are no such modes there")
def test_new_files_have_the_modes_that_the_umask_leaves(run, untouched, tmp_path):
    before = os.umask(0o027)
    try:
        assert run("export", untouched, "notes", "--out", tmp_path / "x").status == 0
        assert run("inspect", untouched, "notes", "--html", tmp_path / "x.html").status == 0
    finally:
        os.umask(before)
    for name in ("x.npy", "x.jsonl", "x.html"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640


def test_files_appear_together_or_not_at_all(tmp_path):
    places = [tmp_path / "a", tmp_path / "b"]
    places[0].write_text("before")
    with pytest.raises(OSError, match="No space") as raised, replacing(*places) as new:
        new[0].write_text("after")
        raise OSError(28, "No space left on device", str(new[1]))
    assert raised.value.filename == str(places[1])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert places[0].read_text() == "before"


@pytest.mark.skipif(os.name == "nt", reason="there is no such file there")
def test_a_device_is_not_replaced(tmp_path):
    with pytest.raises(OSError, match="no regular file"), replacing(type(tmp_path)(os.devnull)):
        pass
