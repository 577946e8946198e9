"""Campaigns run, say their verdict and how to have it again; a short form of each."""

import sys

import pytest

from tools.campaigns import __main__ as main
from tools.campaigns.campaign import Campaign
from torture import torture


@pytest.mark.parametrize(("campaign", "rounds"), [("damage", 20), ("cuts", 10), ("backups", 4)])
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

    monkeypatch.setitem(main.CAMPAIGNS, "odd", Odd)
    monkeypatch.setattr(sys, "argv", ["torture", "odd", "--rounds", "3", "--first", "1"])
    assert main.main() == 1


def test_a_run_that_is_interrupted_says_how_it_goes_on(monkeypatch, capsys):
    class Stopped(Campaign):
        """The third round is interrupted."""

        accepted = ("fine",)

        def round(self, number):
            if number == 2:
                raise KeyboardInterrupt
            return "fine"

    monkeypatch.setitem(main.CAMPAIGNS, "stopped", Stopped)
    monkeypatch.setattr(sys, "argv", ["torture", "stopped", "--seed", "9"])
    assert main.main() == 1
    said = capsys.readouterr().out
    assert "--seed 9 --first 2" in said and "stopped: incomplete: 2 rounds from 0" in said


def test_an_unknown_campaign_is_refused():
    status, _, said = torture("knives")
    assert status == 2 and "knives" in said
