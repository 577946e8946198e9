"""The check looks at generations that are not in use, and at what they leave behind."""

from __future__ import annotations

import numpy as np
import pytest

from support.stopped import StopError
from vdb.maintenance.rebuild import run
from vdb.store.format import blocks, keys

pytestmark = pytest.mark.damages


@pytest.fixture
def pending(full, monkeypatch):
    """A collection with an unfinished rebuild (generation 2) and a log of changes for it."""
    monkeypatch.setattr(
        run, "SCHEDULE", run.Schedule(step_rows=64, checkpoint_seconds=0.0, checkpoint_share=1e9)
    )

    def stop(at):
        if at.done > 1000:
            raise StopError

    with pytest.raises(StopError):
        full.rebuild("ip", progress=stop)
    full.upsert(3, np.ones(16))
    return full


def problems(db):
    return [str(problem) for problem in db.check()]


def break_one(db, prefix):
    """Changes a byte of the first value under a prefix."""
    with db._environment.batch() as batch:
        key, value = next(iter(batch.items(prefix)))
        batch.put(key, value[:-40] + bytes([value[-40] ^ 1]) + value[-39:])


def test_nothing_is_wrong_with_an_unfinished_one(db, pending):
    assert problems(db) == []


@pytest.mark.parametrize(
    ("prefix", "text"),
    [
        (keys.blocks_of_kind(1, 2, blocks.LINKS), "generation 2, links of level 0"),
        (keys.changes_of(1, 2), "checksum"),
        (keys.generation(1, 2), "checksum"),
    ],
)
def test_damage_of_what_is_being_built_is_found(db, pending, prefix, text):
    break_one(db, prefix)
    assert any(text in problem for problem in problems(db))


def test_damage_of_what_is_kept_is_found(db, full):
    full.rebuild("ip", keep_previous=True)
    break_one(db, keys.blocks_of_kind(1, 1, blocks.LINKS))
    assert any("generation 1, links of level 0" in problem for problem in problems(db))


def test_what_belongs_to_no_generation_is_found(db, full):
    with db._environment.batch() as batch:
        _, value = next(iter(batch.items(keys.blocks_of_kind(1, 1, blocks.LINKS))))
        batch.put(keys.block(1, 9, 2, 0, 0), value)
        batch.put_sealed(keys.change(1, 9, 0, 0), bytes(1024))
    found = problems(db)
    assert any("has no generation 9" in problem for problem in found)
    assert any("no generation 9 to catch up" in problem for problem in found)


def test_a_role_without_a_record_is_found(db, full):
    with db._environment.batch() as batch:
        header = batch.collection("docs").header
        header.next_generation, header.building, header.kept = 9, 5, 6
    found = problems(db)
    assert any("generation 5, which is being built, has no record" in text for text in found)
    assert any("generation 6, which is kept, has no record" in text for text in found)


def test_a_log_that_names_slots_that_are_not_there_is_found(db, pending):
    with db._environment.batch() as batch:
        batch.put_sealed(keys.change(1, 2, 7, 0), b"\xff" * 1024)
    assert any("slot 8191 of 2000" in problem for problem in problems(db))
