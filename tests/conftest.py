"""Fixtures: a database, a collection, a seeded crowd. Every database is checked after its test."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

import vdb
from support.lone_tests import pytest_collection_modifyitems, pytest_runtest_protocol
from vdb.index.vectors import strategy

__all__ = ["pytest_collection_modifyitems", "pytest_runtest_protocol"]

DIM = 16

# What an example takes says nothing where several tests share the processors.
settings.register_profile(
    "shared processors", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared processors")

# Collections of tests are small, and shall be searched through their graphs all the same.
AS_RELEASED = {
    name: getattr(strategy, name) for name in ("FLAT_SCAN_BELOW", "FLAT_SCAN_BELOW_BITS")
}
strategy.FLAT_SCAN_BELOW = strategy.FLAT_SCAN_BELOW_BITS = 0


def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse names of cases that differ from process to process, with which none can share them."""
    if " at 0x" in item.nodeid:
        raise pytest.UsageError(f"the name of a case has the address of an object: {item.nodeid}")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "damages: breaks its database on purpose, which is not checked afterwards"
    )
    config.addinivalue_line(
        "markers", "alone: has limits of time; runs while no other test of the run does"
    )
    os.environ.pop("COLUMNS", None)  # tables are as wide; pytest-xdist sets it
    config.addinivalue_line("markers", "ray: starts a cluster of Ray's, see tests/cluster/ray")
    # A shell has Ctrl-C ignored in the background, and processes that tests interrupt inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def assert_sound(path: Path) -> None:
    """Nothing is wrong with the database, as its own check sees it from a fresh handle."""
    with vdb.open(path, create=False, read_only=True) as database:
        assert [str(problem) for problem in database.check()] == []


@pytest.fixture
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Where a database may be made; what stands there after the test must be sound."""
    place = tmp_path / "test.vdb"
    yield place
    if place.exists() and request.node.get_closest_marker("damages") is None:
        assert_sound(place)


@pytest.fixture
def as_released(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small collections are scanned, as they are outside these tests."""
    for name, value in AS_RELEASED.items():
        monkeypatch.setattr(strategy, name, value)


@pytest.fixture
def db(path: Path) -> Iterator[vdb.Database]:
    """An empty database."""
    with vdb.open(path) as database:
        yield database


@pytest.fixture
def collection(db: vdb.Database) -> vdb.Collection:
    """An empty collection of 16 dimensions under l2."""
    return db.create_collection("docs", dim=DIM, metric="l2")


@pytest.fixture(scope="session")
def crowd() -> NDArray[np.float32]:
    """2,000 clustered vectors of 16 dimensions, the same in every run. Read-only."""
    random = np.random.default_rng(20240817)
    centres = random.normal(size=(40, DIM))
    members = centres[random.integers(0, 40, size=2000)] + 0.4 * random.normal(size=(2000, DIM))
    vectors = members.astype(np.float32)
    vectors.flags.writeable = False
    return vectors


@pytest.fixture
def full(collection: vdb.Collection, crowd: NDArray[np.float32]) -> vdb.Collection:
    """A collection that holds the crowd under ids 0..1999, each with its number as payload."""
    collection.add(range(len(crowd)), crowd, [{"n": i} for i in range(len(crowd))])
    return collection
