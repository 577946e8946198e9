"""A map with all that a map can have, and stores to put it into."""

from __future__ import annotations

from dataclasses import replace

import pytest

import vdb
from support.object_stores import MemoryObjects
from vdb.api.collection_schema import CollectionSchema
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_parts import Change, Disk, ShardEntry
from vdb.cluster.metadata.schema_document import schema_to_json
from vdb.maintenance.repository.directory_store import DirectoryStore

SCHEMA = CollectionSchema(
    "papers",
    8,
    "cosine",
    "float32",
    vdb.HNSW(M=8, seed=3),
    "elasticsearch",
    "minilm",
    {"year": "int", "text": vdb.Text("english", positions=False)},
    optional_vectors=True,
)


@pytest.fixture
def papers():
    """A collection of two shards, whose change is under way."""
    return CollectionMap(
        "papers",
        schema_to_json(SCHEMA),
        (
            ShardEntry("papers-000000", "left", ((0, 1000), (2000, 3000)), 2, new=False),
            ShardEntry("papers-000002", "right", ((1000, 2000), (3000, 4096)), 2),
        ),
        3,
        Change("move", "copy", "0f" * 8, {"shard": "papers-000000", "to": ["right", 1]}),
    )


@pytest.fixture
def first(papers):
    """The first map of a cluster."""
    disks = (Disk("left", "/disks/left", "a"), Disk("right"))
    return ClusterMap(1, "ab" * 16, "stored", 2.5, disks, (papers,), {"drafts": 4})


@pytest.fixture
def empty():
    """A map without collections."""
    return ClusterMap(1, "ab" * 16)


@pytest.fixture(params=["memory", "directory"])
def store(request, tmp_path):
    """An empty store, in memory and in a directory."""
    return MemoryObjects() if request.param == "memory" else DirectoryStore(tmp_path / "objects")


@pytest.fixture
def one_more():
    """A change that two maps differ by: a disk with a label."""

    def change(label):
        return lambda old: replace(old, disks=(*old.disks, Disk(label)))

    return change
