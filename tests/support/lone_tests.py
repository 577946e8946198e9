"""Tests with limits of time run while no other does, where several processes share a run.

Each test of pytest-xdist holds a lock of this file: shared with others, or for itself where it is
marked `alone`. It is taken behind a second lock, the gate, which a lone test holds until it ends:
without that, the tests of the other processes could keep it waiting for ever.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

try:
    import fcntl
except ImportError:  # Windows, where the tests run in one process
    fcntl = None

RUNNING = Path(__file__)
GATE = RUNNING.with_name("__init__.py")


def is_alone(item: pytest.Item) -> bool:
    """Whether the test is marked."""
    return item.get_closest_marker("alone") is not None


@contextmanager
def _locked(place: Path, *, shared: bool) -> Generator[None]:
    with place.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # a child that a test forked has the file open, too


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Lone tests come last, one after another; only there do the other processes wait for them."""
    if hasattr(config, "workerinput"):
        items.sort(key=is_alone)


# Outside of the limit of pytest-timeout: waiting is not part of the test.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """The test, with its lock."""
    if fcntl is None or not hasattr(item.config, "workerinput"):
        return (yield)
    with ExitStack() as lone:
        if is_alone(item):
            lone.enter_context(_locked(GATE, shared=False))
            lone.enter_context(_locked(RUNNING, shared=False))
            return (yield)
        with _locked(GATE, shared=False):
            lone.enter_context(_locked(RUNNING, shared=True))
        return (yield)
