"""How the campaign is run; its short form lies in tests/crash."""

import os

import pytest

from support.torture import torture


@pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are made by forking")
def test_the_campaign_passes_and_says_what_was_killed():
    status, said, _ = torture("kills", "--rounds", 6, "--seed", 5)
    assert status == 0, said
    assert said.startswith("kills: passed: 6 rounds from 0, seed 5")
