"""`vdb check` says everything that is wrong, with status 2, and writes nothing."""

import shutil

import lmdb
import pytest

from vdb.store.format import keys


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


def test_a_sound_database_needs_no_repair(run, untouched):
    ran = run("check", untouched, "--repair")
    assert (ran.status, ran.err) == (0, "")
    assert "nothing to repair" in ran.out


@pytest.mark.damages
def test_a_repair_says_what_is_lost_and_where_the_damaged_file_is(run, filled):
    with (
        lmdb.open(str(filled), lock=False, map_size=1 << 30, lib_version=0) as env,
        env.begin(write=True) as txn,
    ):
        slot = txn.get(keys.slot_of(1, "note-1"))
        key = keys.record(1, int.from_bytes(slot, "little"))
        txn.put(key, bytes(txn.get(key))[:-1])
    assert run("check", filled).status == 2
    ran = run("check", filled, "--repair")
    assert ran.status == 2
    assert "id 'note-1': its payload is lost" in ran.out
    assert "data.mdb.damaged-" in ran.out
    assert run("check", filled).status == 0
    assert run("check", filled, "--repair", "--json").json["kept"] is None
