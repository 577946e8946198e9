"""Kills at system calls, some of all: before the step or after it, and it goes on."""

import signal
from collections import Counter

import pytest

from tools.torture.campaigns.points import Points
from tools.torture.faults.history import NOTHING
from tools.torture.shared.campaign import UnavailableError

ROUNDS = 14


@pytest.fixture
def campaign(tmp_path):
    try:
        made = Points(tmp_path, 0)
    except UnavailableError as error:
        pytest.skip(str(error))
    yield made
    made.end()


def test_a_kill_at_any_call_leaves_what_was_or_what_is_to_be(campaign):
    some = range(3, campaign.full, campaign.full // ROUNDS)
    outcomes = Counter(campaign.round(number) for number in some)
    assert outcomes.keys() <= set(campaign.accepted), outcomes
    assert outcomes["killed"] > ROUNDS / 2
    # And the call it is killed at is not made any more.
    stage = campaign.stage("creating")
    status, told = campaign.play("creating", stage, "-e", "inject=rename:signal=KILL:when=1")
    assert (status, told) == (-signal.SIGKILL, [])
    assert campaign.states["creating"][0] == f"{NOTHING} {NOTHING}"
    assert not stage.path.exists()
