"""A writer is killed, a hundred times: what it had been told is committed is there, whole."""

import os
from collections import Counter

import pytest

from tools.torture.campaigns.kills import Kills

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are made by forking")

ROUNDS = 100


def test_what_was_acknowledged_is_there_and_nothing_is_half_there(tmp_path):
    campaign = Kills(tmp_path, 4711, rebuilding=0.0)
    try:
        outcomes = Counter(campaign.round(number) for number in range(ROUNDS))
    finally:
        campaign.end()
    assert outcomes.keys() <= {"writing", "opening"}
    assert outcomes["writing"] > ROUNDS / 2
    assert campaign.shown >= outcomes["writing"]  # it did get somewhere
