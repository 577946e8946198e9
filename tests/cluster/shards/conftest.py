"""Fixtures of the tests of shards."""

from __future__ import annotations

import numpy as np
import pytest

from support.shard_cluster import DIM, ShardCluster
from vdb.cluster.shards.shard import Shard


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture(name="V")
def vectors(rng):
    return rng.standard_normal((300, DIM)).astype(np.float32)


@pytest.fixture
def cluster(tmp_path):
    """A cluster with durability "node", and one shard."""
    return ShardCluster(tmp_path)


@pytest.fixture
def stored(tmp_path):
    """A cluster with durability "stored", and one shard."""
    return ShardCluster(tmp_path, durability="stored")


@pytest.fixture
def shard(cluster):
    one = Shard(cluster.place())
    yield one
    if not one._closed:
        assert one.check() == []
        one.close()
