"""The check, put to the test: one thing is damaged at a time, and exactly that is named."""

from __future__ import annotations

import hashlib
import mmap
import re
import struct

import pytest

import vdb
from support.damages import blocks, facts, records
from support.damages.broken import COUNT, break_it, problems_of
from vdb.maintenance.check import records as check_records

pytestmark = pytest.mark.damages

EACH = records.EACH + blocks.EACH + facts.EACH
SEVERAL = blocks.SEVERAL | facts.SEVERAL


@pytest.mark.parametrize(
    ("damage", "where", "what"), EACH, ids=[damage.__name__ for damage, _, _ in EACH]
)
def test_each_damage_is_named(place, damage, where, what):
    break_it(place, damage)
    problems = problems_of(place)
    named = [p for p in problems if re.search(where, p.where) and re.search(what, p.what)]
    assert named, [str(p) for p in problems]
    if damage not in SEVERAL:
        assert len(problems) == 1, [str(p) for p in problems]
    expected = "warning" if damage is facts.a_generation_left_over else "error"
    assert named[0].severity == expected


@pytest.mark.parametrize("damage", [damage for damage, _, _ in records.EACH])
def test_many_small_steps_name_what_one_names(place, damage, monkeypatch):
    break_it(place, damage)
    at_once = sorted(map(str, problems_of(place)))
    monkeypatch.setattr(check_records, "SLOTS_AT_ONCE", 7)
    assert sorted(map(str, problems_of(place))) == at_once != []


def test_it_never_stops_at_the_first(place):
    chosen = [
        (records.a_flipped_bit_in_a_record, "checksum"),
        (records.a_part_too_many, "has 2 parts"),
        (blocks.a_changed_norm, "norm"),
        (facts.a_journal_that_cannot_be_read, "key 02"),
        (facts.an_unknown_kind_of_key, "unknown kind"),
        (facts.a_key_of_no_collection, "no collection 77"),
        (facts.a_generation_of_another_metric, "'ip' in its generation"),
    ]
    for damage, _ in chosen:
        break_it(place, damage)
    texts = [str(p) for p in problems_of(place)]
    for _, text in chosen:
        assert any(text in found for found in texts), (text, texts)
    assert len(texts) == len(chosen)


def lead_astray(place):
    """Every page of LMDB's that leads to others leads, in its middle, to one that there is not."""
    data = bytearray((place / "data.mdb").read_bytes())
    for start in range(2 * mmap.PAGESIZE, len(data), mmap.PAGESIZE):
        number, flags, lower = struct.unpack_from("<Q2xHH", data, start)
        if (number, flags) == (start // mmap.PAGESIZE, 1) and lower >= 20:
            (node,) = struct.unpack_from("<H", data, start + 16 + ((lower - 16) // 4) * 2)
            struct.pack_into("<IH", data, start + node, 0xFFFFFF, 0)
    (place / "data.mdb").write_bytes(data)


def test_damage_of_the_tree_of_keys_hides_nothing_else(place, crowd):
    """LMDB gives up the transaction that meets it; the check, and a snapshot, do not."""
    lead_astray(place)
    with vdb.open(place) as db, db.snapshot() as snapshot:
        found = list(db.check())
        torn = [problem for problem in found if problem.where.endswith("data.mdb")]
        assert torn
        assert all("damaged" in problem.what for problem in torn)
        for _ in range(2):
            for docs in (db.collection("docs"), snapshot.collection("docs")):
                with pytest.raises(vdb.CorruptedError):
                    list(docs.scan())
                with pytest.raises(vdb.CorruptedError):
                    docs.search(crowd[0], COUNT, exact=True)


def test_a_sound_database_has_no_problems(place):
    assert problems_of(place) == []


def test_it_never_writes(place):
    def fingerprint():
        data = (place / "data.mdb").read_bytes()
        return hashlib.sha256(data).hexdigest(), (place / "data.mdb").stat().st_mtime_ns

    for damage in (
        records.a_flipped_bit_in_a_record,
        blocks.links_of_a_slot_cut_off,
        facts.an_unknown_kind_of_key,
    ):
        break_it(place, damage)
    before = fingerprint()
    assert problems_of(place)
    assert fingerprint() == before


def test_bytes_that_change_under_an_open_database_are_noticed(place, crowd):
    """Searches verify a block once; the check does it every time."""
    with vdb.open(place) as db:
        docs = db.collection("docs")
        docs.search(crowd[0], COUNT, exact=True)
        assert list(db.check()) == []
        data = (place / "data.mdb").read_bytes()
        with (place / "data.mdb").open("r+b") as file:
            file.seek(data.index(crowd[57].tobytes()))
            file.write(bytes([crowd[57].tobytes()[0] ^ 1]))
        (problem,) = db.check()
        assert "checksum" in problem.what


def test_a_sound_database_says_so_in_print_and_in_an_if(place):
    with vdb.open(place) as db:
        found = db.check()
        assert "not begun" in repr(found)
        assert str(place) in repr(found)
        assert not found
        assert str(found) == f"{place}: no problem was found"
        assert list(found) == []
        assert repr(found) == f"<Problems of {str(place)!r}: no problems>"
        assert next(db.check(), None) is None
        assert not db.check()


@pytest.mark.damages
def test_what_was_printed_or_asked_for_is_still_there_to_be_taken(place):
    break_it(place, records.a_flipped_bit_in_a_record)
    break_it(place, records.a_part_too_many)
    with vdb.open(place) as db:
        all_of_them = list(db.check())
        assert len(all_of_them) >= 2
        found = db.check()
        assert found
        assert found
        assert "1 problem so far" in repr(found)
        assert next(found) == all_of_them[0]
        assert str(found).splitlines()[0] == f"{place}: {len(all_of_them)} problems"
        assert str(all_of_them[1]) in str(found)
        assert list(found) == all_of_them[1:]
        assert found, "true for what it found, though all of it was taken"
        with pytest.raises(StopIteration):
            next(found)


def test_a_check_that_is_closed_lets_go_of_its_moment(place):
    with vdb.open(place) as db:
        found = db.check()
        readers = db.info().readers
        found.close()
        assert list(found) == []
        del found
        assert db.info().readers <= readers
        assert list(db.check()) == []


def test_it_can_be_looked_at_slowly_and_left_alone(place):
    break_it(place, records.a_flipped_bit_in_a_record)
    break_it(place, records.a_part_too_many)
    db = vdb.open(place, lock_timeout=1)
    walk = db.check()
    next(walk)
    db.collection("texts").set_payloads("a", "written meanwhile")
    db.close()
    with pytest.raises(vdb.ClosedError):
        list(walk)
