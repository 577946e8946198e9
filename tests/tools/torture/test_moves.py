"""Files that are moved and replaced under open databases: a short form of the campaign."""

import os

import pytest

import vdb
from tools.torture.campaigns.moves import LIVE, OTHER, ROUNDS, Moves, Then
from tools.torture.file_moves.operations import FILES, OPERATIONS, Stage, loses, perform, stays
from tools.torture.file_moves.remaining_files import RemainingFile, remaining_files
from tools.torture.file_moves.writer import CALLS, DIM, NAME, vector

pytestmark = pytest.mark.skipif(os.name == "nt", reason="open files cannot be moved there")


@pytest.fixture
def campaign(tmp_path):
    made = Moves(tmp_path, 3)
    yield made
    made.end()


def test_every_file_is_moved_under_every_call_by_one_and_two_processes():
    assert len(ROUNDS) == len(OPERATIONS) * len(CALLS) * 2 >= 500
    assert {what for _, what in OPERATIONS} == {*FILES, "the directory"}


def test_rounds_come_out_well(campaign):
    outcomes = {campaign.round(number) for number in range(12)}
    assert outcomes <= set(Moves.accepted)
    assert "refused" in outcomes


def test_what_is_acknowledged_too_late_or_nowhere_is_found(campaign, tmp_path):
    gone = Then(("restore", "data.mdb"), "add", done=True, ended=10.0)
    there = [
        RemainingFile(tmp_path / "data.mdb", frozenset(LIVE), ""),
        RemainingFile(tmp_path / "data.mdb", frozenset(OTHER), ""),
    ]
    judge = campaign._judge
    assert judge(gone, [(10_000, 9.0, 9.5, "")], [], there) == ""
    assert judge(gone, [(10_000, 11.0, 11.5, "StaleError: moved")], [], there) == ""
    assert "after it" in judge(gone, [(10_000, 11.0, 11.5, "")], [], there)
    assert "after it" in judge(gone, [(10_000, 9.0, 10.5, "")], [], there)
    assert "nowhere" in judge(gone, [], [(90_000, 11.0, 11.5, "")], there)
    assert "Corrupted" in judge(gone, [(1, 9.0, 9.5, "CorruptedError: x")], [], there)
    assert "KeyError" in judge(gone, [(1, 9.0, 9.5, "KeyError: x")], [], there)
    assert "not sound" in judge(
        gone, [], [], [RemainingFile(tmp_path, frozenset(), "CorruptedError")]
    )
    assert "lost" in judge(gone, [], [], there[:1])
    given = RemainingFile(tmp_path / "data.mdb", frozenset({*OTHER, 10_000}), "")
    assert "was given" in judge(gone, [], [], [given])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation_does_what_it_is_called(tmp_path, operation):
    stage = Stage(tmp_path)
    for place, number in ((stage.live, 1), (stage.other, 2), (stage.kept, 1)):
        with vdb.open(place) as db:
            docs = db.create_collection(NAME, dim=DIM, metric="l2")
            docs.add(number, vector(number))
            docs.rebuild(index=vdb.HNSW(M=8), validate=False)
    before = {file: file.stat().st_ino for file in stage.live.iterdir()}
    assert perform(operation, stage)
    after = {f: f.stat().st_ino for f in stage.live.iterdir()} if stage.live.exists() else {}
    assert (before == after) == (operation[0] == "move and back")
    left = {i for one in remaining_files(tmp_path) for i in one.ids if not one.error}
    assert left == {1, 2}  # the copy, for one, if nothing else
    assert loses(operation) <= stays(operation, "add")
