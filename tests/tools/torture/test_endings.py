"""Calls on threads, in a process that ends or is interrupted."""

import sys

import pytest

from tools.torture.campaigns.endings import Endings, Interrupts


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(Endings, "records", 1000)
    monkeypatch.setattr(Interrupts, "records", 3000)
    monkeypatch.setattr(Interrupts, "queries", 20_000)


ON_THREADS = ("add", "search_many", "exact search", "rebuild", "tune")


@pytest.mark.usefixtures("few")
def test_a_process_ends_in_order_while_a_thread_makes_a_call(tmp_path):
    campaign = Endings(tmp_path, 1, ON_THREADS)
    assert [campaign.round(number) for number in range(len(ON_THREADS))] == ["right"] * 5


LONG = ("exact search alone", "exact search", "flat search")


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to oneself")
@pytest.mark.usefixtures("few")
def test_ctrl_c_is_answered_at_once_by_exact_searches_of_many_queries(tmp_path):
    campaign = Interrupts(tmp_path, 1, LONG)
    assert [campaign.round(number) for number in range(len(LONG))] == ["right"] * 3
