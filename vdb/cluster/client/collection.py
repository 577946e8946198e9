"""The public class `ShardedCollection`."""

from __future__ import annotations

from vdb.cluster.client.collection_changes import ShardedChanges
from vdb.cluster.client.collection_reads import ShardedReads
from vdb.cluster.client.collection_searches import ShardedSearches
from vdb.cluster.client.collection_writes import ShardedWrites
from vdb.cluster.client.loads import ShardedLoads
from vdb.cluster.client.measurements import ShardedMeasurements

__all__ = ["ShardedCollection"]


class ShardedCollection(
    ShardedSearches, ShardedReads, ShardedMeasurements, ShardedLoads, ShardedWrites, ShardedChanges
):
    """One collection of a cluster: its records lie in several databases, its shards.

    Names, arguments, results and errors are those of `Collection`. A read sees each shard at its
    own moment, and what this program has written before. A write is whole on each shard. Made by
    `Cluster.create_collection` and `Cluster.collection`; it may be shared between threads.
    """
