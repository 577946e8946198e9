"""Several processes on one database: short forms of the campaigns."""

from collections import Counter

import pytest

from tools.torture.campaigns.backups import Backups
from tools.torture.campaigns.processes import Processes
from tools.torture.traffic.traffic import WRITERS, Traffic, batches_at, fault


def test_two_writers_and_readers_that_are_killed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Processes, "kept", 400)
    monkeypatch.setattr(Processes, "seconds", 1.5)
    # What a snapshot keeps from being used again is much of so small a file.
    monkeypatch.setattr("tools.torture.campaigns.processes.LARGEST", 50.0)
    campaign = Processes(tmp_path, 4)
    try:
        assert [campaign.round(number) for number in range(3)] == ["sound"] * 3
        seen = campaign.fault(Counter(sound=3))
    finally:
        campaign.end()
    assert seen in {None, "no reader came to anything"}  # on a machine that has much else to do
    assert "3 readers killed" in capsys.readouterr().out


def test_backups_beside_writers_and_rebuilds_equal_one_commit(tmp_path):
    campaign = Backups(tmp_path, 6)
    try:
        assert {campaign.round(number) for number in range(4)} == {"one commit"}
    finally:
        campaign.end()


@pytest.fixture
def written(db):
    small = Traffic(seed=2, kept=32, dim=4)
    small.make(db)
    for batch in range(1, 31):
        for writer in WRITERS[: 1 + batch % 2]:
            assert small.write(db, writer) == (batch if writer == 1 else (batch + 1) // 2)
    return small


def test_what_two_writers_leave_is_known(db, written):
    assert batches_at(db) == {1: 30, 2: 15}
    assert fault(db, written) is None
    assert fault(db, written, some=[3, 40, 1_000_000]) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda docs, _: docs.delete(1_000_003),
        lambda docs, _: docs.add(7, [0.0] * 4),
        lambda docs, _: docs.set_payloads(2_000_003, {"batch": 1}),
        lambda docs, _: docs.upsert(2_000_003, [0.0] * 4, docs.get(2_000_003).payload),
        lambda _, log: log.set_payloads("writer 1", 29),
        lambda _, log: log.set_payloads("total", 46),
    ],
)
def test_whatever_is_not_as_it_was_left_is_found(db, written, spoil):
    spoil(db.collection("docs"), db.collection("log"))
    assert fault(db, written) is not None


def test_a_process_that_ends_is_a_fault(tmp_path):
    campaign = Backups(tmp_path, 6)
    try:
        campaign._crew[0].kill()
        assert campaign.round(0).startswith("a process (write) ended")
    finally:
        campaign.end()
