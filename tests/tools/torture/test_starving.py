"""Requests for memory that are refused, some of all: MemoryError, nothing half, and it goes on."""

from collections import Counter

import pytest

from tools.torture.campaigns.failing import Starving, spread
from tools.torture.shared.campaign import UnavailableError

ROUNDS = 10


def test_without_memory_nothing_is_changed_and_nobody_dies(tmp_path):
    try:
        campaign = Starving(tmp_path, 0)
    except UnavailableError as error:
        pytest.skip(str(error))
    try:
        some = range(5, campaign.full, campaign.full // ROUNDS)
        outcomes = Counter(campaign.round(number) for number in some)
    finally:
        campaign.end()
    assert outcomes.keys() <= set(campaign.accepted), outcomes
    assert outcomes["refused, and goes on"] > ROUNDS / 2


def test_of_many_calls_the_first_and_some_of_the_others_are_tried():
    assert [*spread(range(1, 5), None)] == [1, 2, 3, 4]
    assert [*spread(range(1, 5), 4)] == [1, 2, 3, 4]
    assert [*spread(range(1, 101), 10)] == [1, 2, 3, 4, 5, 6, 25, 44, 63, 82]
