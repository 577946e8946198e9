"""Campaigns run, say their verdict and how to have it again; a short form of each."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def torture(*arguments):
    ran = subprocess.run(
        [sys.executable, "-m", "tools.campaigns", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize(("campaign", "rounds"), [("damage", 20), ("cuts", 10), ("backups", 4)])
def test_a_campaign_passes_and_says_so(campaign, rounds):
    status, said, _ = torture(campaign, "--rounds", rounds, "--seed", 5)
    assert status == 0, said
    assert said.startswith(f"{campaign}: passed: {rounds} rounds from 0, seed 5")


def test_a_round_that_fails_is_named(monkeypatch, tmp_path):
    sys.path.insert(0, str(ROOT))
    try:
        from tools.campaigns import __main__ as main
        from tools.campaigns.campaign import Campaign
    finally:
        sys.path.remove(str(ROOT))

    class Odd(Campaign):
        """Every odd round fails."""

        accepted = ("even",)

        def round(self, number):
            return "odd" if number % 2 else "even"

    monkeypatch.setitem(main.CAMPAIGNS, "odd", Odd)
    monkeypatch.setattr(sys, "argv", ["torture", "odd", "--rounds", "3", "--first", "1"])
    assert main.main() == 1


def test_an_unknown_campaign_is_refused():
    status, _, said = torture("knives")
    assert status == 2 and "knives" in said
