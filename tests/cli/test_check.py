"""`vdb check` says everything that is wrong, with status 2, and writes nothing."""

import shutil

import pytest


@pytest.fixture
def damaged(filled, tmp_path):
    """A copy of ``filled`` in which one float of a stored vector is another."""
    copy = tmp_path / "damaged.vdb"
    shutil.copytree(filled, copy)
    data = bytearray((copy / "data.mdb").read_bytes())
    block = data.index(b"vdbk\x01")  # the first block of vectors
    data[block + 48] ^= 0x40
    (copy / "data.mdb").write_bytes(data)
    return copy


def test_a_sound_database(run, untouched):
    ran = run("check", untouched)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.strip().endswith("sound")


def test_a_sound_database_as_json(run, untouched):
    ran = run("check", untouched, "--json")
    assert ran.status == 0
    assert ran.json == {"path": str(untouched), "sound": True, "problems": []}


def test_problems_are_lines_and_status_2(run, damaged):
    before = (damaged / "data.mdb").read_bytes()
    ran = run("check", damaged)
    assert ran.status == 2
    assert ran.err == ""
    assert ran.out.startswith("error: ")
    assert "problem" in ran.out.splitlines()[-1]
    assert (damaged / "data.mdb").read_bytes() == before


def test_problems_as_json(run, damaged):
    ran = run("check", damaged, "--json")
    assert ran.status == 2
    report = ran.json
    assert report["sound"] is False
    assert report["problems"]
    assert set(report["problems"][0]) == {"where", "what", "severity"}


def test_damage_that_keeps_it_from_opening_is_a_problem_too(run, filled, tmp_path):
    copy = tmp_path / "header.vdb"
    shutil.copytree(filled, copy)
    data = (copy / "data.mdb").read_bytes()
    (copy / "data.mdb").write_bytes(data.replace(b"vdbstore", b"vdbspoon"))
    ran = run("check", copy)
    assert ran.status in (1, 2)
    assert "Traceback" not in ran.out + ran.err
