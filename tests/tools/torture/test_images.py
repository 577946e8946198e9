"""Power cuts: a short form of the campaigns, and what they take for possible."""

import random

import pytest

from tools.torture.campaigns import images
from tools.torture.power_loss.disk import PIECE, Disk, File
from tools.torture.power_loss.log import Call, Entry
from tools.torture.shared.campaign import UnavailableError


def told(call, inode=0, names=(), data=b""):
    return Entry(call, inode, 0, data, names, synced=False)


@pytest.mark.parametrize("kind", [images.Images, images.RelaxedImages, images.UnsyncedImages])
def test_power_cuts_leave_what_was_acknowledged(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(kind, "of_one_life", 30)
    try:
        campaign = kind(tmp_path, 3)
    except UnavailableError as error:
        pytest.skip(str(error))
    try:
        outcomes = [campaign.round(number) for number in range(30)]
    finally:
        campaign.end()
    if kind is images.UnsyncedImages:
        assert outcomes.count("bad") > 3
    else:
        assert set(outcomes) <= set(kind.accepted)


def test_what_was_flushed_is_certain_and_the_rest_is_any_moment_since():
    file = File()
    file.write(0, b"a" * 2 * PIECE)
    file.sync()
    file.write(0, b"b" * PIECE)
    file.write(0, b"c" * PIECE)
    file.write(2 * PIECE, b"d" * 100)
    seen = {file.after_a_cut(random.Random(i), 0.3) for i in range(300)}
    assert all(left[PIECE : 2 * PIECE] == b"a" * PIECE for left in seen)
    assert {len(left) for left in seen} == {2 * PIECE, 2 * PIECE + 100}
    first = {bytes(left[:PIECE]) for left in seen}
    assert {bytes([one]) * PIECE for one in b"abc"} < first  # and torn ones
    assert all(len(set(left[at : at + 512])) == 1 for left in first for at in range(0, PIECE, 512))
    assert {left[2 * PIECE :] for left in seen} >= {b"", b"d" * 100, bytes(100)}


def test_a_write_that_is_flushed_by_itself_is_certain_alone():
    file = File()
    file.write(0, b"a" * PIECE)
    file.write(PIECE, b"b" * PIECE)
    file.sync_range(PIECE, PIECE)
    seen = {file.after_a_cut(random.Random(i), 0.0) for i in range(20)}
    assert {left[PIECE:] for left in seen} == {b"b" * PIECE}
    assert bytes(PIECE) in {left[:PIECE] for left in seen}


def test_a_name_is_certain_once_its_directory_was_flushed(tmp_path):
    disk = Disk()
    disk.follow(
        [
            told(Call.MKDIR, 1, ("",)),
            told(Call.MKDIR, 2, ("new",)),
            told(Call.CREATE, 3, ("new/file",)),
            told(Call.WRITE, 3, data=b"text"),
            told(Call.SYNC, 3),
            told(Call.SYNC, 2),
            told(Call.RENAME, names=("new", "old")),
        ]
    )
    seen = set()
    for i in range(40):
        disk.cut(tmp_path / str(i), random.Random(i), 0.5)
        left = tmp_path / str(i)
        seen.add(tuple(str(file.relative_to(left)) for file in left.rglob("file")))
    assert seen == {(), ("new/file",), ("old/file",)}
    disk.follow([told(Call.SYNC, 1)])
    disk.cut(tmp_path / "certain", random.Random(0), 0.0)
    assert (tmp_path / "certain" / "old" / "file").read_bytes() == b"text"
