"""A cluster of three shards in this process, and one collection that is given the same calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import vdb
import vdb.cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[vdb.cluster.Cluster]:
    """An open cluster, whose shards are sound afterwards."""
    with vdb.cluster.open(tmp_path / "cluster", timeout=10.0) as db:
        yield db
        if not db._session._closed:
            assert db.check() == []


@pytest.fixture
def docs(cluster: vdb.cluster.Cluster) -> vdb.cluster.ShardedCollection:
    """A collection of three shards."""
    return cluster.create_collection(
        "docs", dim=4, metric="l2", shards=3, fields={"n": "int", "tags": "keyword[]"}
    )
