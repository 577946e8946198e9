"""Where a shard is and what it holds: all that an engine needs to start it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vdb.api.collection_schema import CollectionSchema

__all__ = ["ShardPlace"]


@dataclass(frozen=True, slots=True)
class ShardPlace:
    """Where a shard is; can be pickled.

    Attributes:
        cluster: The uuid of the cluster, 32 hexadecimal digits.
        url: Where the map of the cluster, its logs and its backups are.
        collection: The name of the collection.
        shard: The name of the shard, ``papers-000003``.
        directory: Its database.
        schema: The schema of the collection in the map that it was started by.
        storage_options: What obstore takes with the URL, with credentials.
        disk: The label of the disk that the directory is on.
        may_be_empty: Whether the directory may be missing, because nothing was written yet.
        durability: "node": a write that is acknowledged is in the directory. "stored": and in the
            log of the cluster's store.
        lease: Seconds for which the shard answers without having seen the map.
        threads: Threads of a search or write; None for one each processor.
        source: The shard whose backup and log the directory is made of where it is missing; "" for
            none.
    """

    cluster: str
    url: str
    collection: str
    shard: str
    directory: str
    schema: CollectionSchema
    storage_options: Mapping[str, object] = field(default_factory=dict, repr=False)
    disk: str = ""
    may_be_empty: bool = False
    durability: Literal["node", "stored"] = "node"
    lease: float = 10.0
    threads: int | None = None
    source: str = ""
