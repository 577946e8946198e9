"""Campaigns run, say their verdict and how to have it again; a short form of each."""

import pytest

from support.torture import torture
from tools.torture import run
from tools.torture.shared.campaign import Campaign, UnavailableError


@pytest.mark.parametrize(("campaign", "rounds"), [("damage", 20), ("cuts", 10)])
def test_a_campaign_passes_and_says_so(campaign, rounds):
    status, said, _ = torture(campaign, "--rounds", rounds, "--seed", 5)
    assert status == 0, said
    assert said.startswith(f"{campaign}: passed: {rounds} rounds from 0, seed 5")


def test_a_round_that_fails_is_named(monkeypatch, tmp_path):
    class Odd(Campaign):
        """Every odd round fails."""

        accepted = ("even",)

        def round(self, number):
            return "odd" if number % 2 else "even"

    monkeypatch.setitem(run.CAMPAIGNS, "odd", Odd)
    assert run.main(["odd", "--rounds", "3", "--first", "1"]) == 1


def test_a_run_that_is_interrupted_says_how_it_goes_on(monkeypatch, capsys):
    class Stopped(Campaign):
        """The third round is interrupted."""

        accepted = ("fine",)

        def round(self, number):
            if number == 2:
                raise KeyboardInterrupt
            return "fine"

    monkeypatch.setitem(run.CAMPAIGNS, "stopped", Stopped)
    assert run.main(["stopped", "--seed", "9"]) == 1
    said = capsys.readouterr().out
    assert "--seed 9 --first 2" in said and "stopped: incomplete: 2 rounds from 0" in said


def test_rounds_that_are_wrong_only_together_fail(monkeypatch, capsys):
    class Dull(Campaign):
        """Every round is fine, and that is suspicious."""

        accepted = ("fine",)

        def round(self, number):
            return "fine"

        def fault(self, seen):
            return f"{seen['fine']} of 2 fine"

    monkeypatch.setitem(run.CAMPAIGNS, "dull", Dull)
    assert run.main(["dull", "--rounds", "2"]) == 1
    assert "all rounds: 2 of 2 fine\ndull: FAILED: 2 rounds" in capsys.readouterr().out


def test_what_the_machine_lacks_is_said(monkeypatch, capsys):
    class Costly(Campaign):
        """Wants what nobody has."""

        def __init__(self, place, seed):
            raise UnavailableError("no such device")

    monkeypatch.setitem(run.CAMPAIGNS, "costly", Costly)
    assert run.main(["costly"]) == 77
    assert capsys.readouterr().out == "costly: not run: no such device\n"


def test_a_place_is_kept_for_the_next_run(monkeypatch, tmp_path):
    class Writes(Campaign):
        """Each round leaves a file."""

        accepted = ("fine",)

        def round(self, number):
            (self.place / str(number)).touch()
            return "fine"

    monkeypatch.setitem(run.CAMPAIGNS, "writes", Writes)
    for first in (0, 2):
        options = ["--place", str(tmp_path / "kept"), "--rounds", "2", "--first", str(first)]
        assert run.main(["writes", *options]) == 0
    assert sorted(file.name for file in (tmp_path / "kept").iterdir()) == ["0", "1", "2", "3"]


def test_an_unknown_campaign_is_refused():
    status, _, said = torture("knives")
    assert status == 2 and "knives" in said


def test_a_name_alone_lists_everything():
    status, said, _ = torture("--help")
    assert status == 0
    assert all(f"\n  {name} " in said for name in [*run.CAMPAIGNS, "fuzz", "sanitize"])


def test_without_a_name_the_list_is_a_refusal():
    status, said, _ = torture()
    assert status == 2 and "  kills " in said
