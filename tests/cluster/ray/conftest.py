"""One cluster of Ray's for all tests of this folder: a head and two nodes, on loopback only."""

from __future__ import annotations

import importlib.util

import pytest

from tools.ray_cluster import RayCluster, marked_processes

_HAS_RAY = importlib.util.find_spec("ray") is not None


def pytest_collection_modifyitems(items):
    here = __file__.rpartition("conftest.py")[0]
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.ray)
            item.add_marker(pytest.mark.timeout(120))
            # Ray leaves files and sockets to the collector.
            item.add_marker(pytest.mark.filterwarnings("ignore"))
            if not _HAS_RAY:
                item.add_marker(pytest.mark.skip(reason="Ray is not installed"))


@pytest.fixture(scope="package")
def nodes():
    """The cluster; nothing of it is left when it is closed."""
    cluster = RayCluster("first", "second")
    yield cluster
    cluster.close()
    assert marked_processes(cluster.mark) == []
