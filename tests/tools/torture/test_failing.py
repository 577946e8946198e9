"""Failing calls, some of all: a typed error, nothing half, and it goes on."""

from collections import Counter

import pytest

from tools.torture.campaigns.failing import Failing
from tools.torture.faults.chapters import CHAPTERS
from tools.torture.faults.preload import FAULTS
from tools.torture.shared.campaign import UnavailableError

ROUNDS = 24


def test_calls_that_fail_are_typed_errors_and_nothing_is_half_there(tmp_path):
    try:
        campaign = Failing(tmp_path, 0)
    except UnavailableError as error:
        pytest.skip(str(error))
    try:
        points = campaign.points
        assert {chapter for chapter, _, _ in points} == CHAPTERS.keys()
        assert {fault for _, fault, _ in points} == FAULTS.keys()
        some = range(3, campaign.full, campaign.full // ROUNDS)
        outcomes = Counter(campaign.round(number) for number in some)
    finally:
        campaign.end()
    assert outcomes.keys() <= set(campaign.accepted), outcomes
    assert outcomes["refused, and goes on"] > ROUNDS / 4
