"""A cluster's store with a map of shards, and places of these shards, for tests of one shard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from support.object_stores import MemoryObjects
from vdb.api.collection_schema import CollectionSchema
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_objects import MapObjects
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.cluster.metadata.opening import OTHER_SCHEMES, cluster_store
from vdb.cluster.metadata.schema_document import schema_to_json
from vdb.cluster.metadata.slots import SLOTS
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.model.config import HNSW

DIM = 8


class WatchedObjects:
    """Objects in memory; a test may do something before or after each call, such as raise.

    Attributes:
        before: Called with the method and the name, before the call; None for nothing.
        after: The same, after it.
    """

    def __init__(self):
        self.inner = MemoryObjects()
        self.before = self.after = None
        self.calls = []

    @property
    def url(self):
        return "watched://objects"

    def tidy(self):
        pass

    def __getattr__(self, method):
        function = getattr(self.inner, method)

        def call(name, *args):
            self.calls.append((method, name))
            if self.before is not None:
                self.before(method, name)
            result = function(name, *args)
            if self.after is not None:
                self.after(method, name)
            return result

        return call


class ShardCluster:
    """One collection, "docs", of one shard or more."""

    def __init__(
        self,
        folder: Path,
        shards: int = 1,
        durability: str = "node",
        on_disk: bool = False,
        **schema: Any,
    ):
        """`on_disk`: whether its objects are files, which other processes see."""
        self.folder = folder
        if on_disk:
            self.url = str(folder / "store")
            self.store = cluster_store(self.url)
        else:
            self.store = WatchedObjects()
            self.url = f"watched-{id(self)}://objects"
            OTHER_SCHEMES[f"watched-{id(self)}"] = lambda url, options: self.store
        self.maps = MapObjects(self.store)
        arguments = {
            "dim": DIM, "metric": "l2", "dtype": "float32", "index": HNSW(), "scores": "native",
            "model": None, "fields": {}, "optional_vectors": False,
        } | schema  # fmt: skip
        self.schema = CollectionSchema("docs", **arguments)
        step = SLOTS // shards
        ends = [(i * step, SLOTS if i == shards - 1 else (i + 1) * step) for i in range(shards)]
        entries = [
            ShardEntry(f"docs-{i:06d}", "d0", (slots,), 1, True) for i, slots in enumerate(ends)
        ]
        collection = CollectionMap("docs", schema_to_json(self.schema), tuple(entries), shards)
        self.map = self.maps.create(
            ClusterMap(1, uuid4().hex, durability=durability, collections=(collection,))
        )
        self.durability = durability

    def place(self, number: int = 0, **changes: Any) -> ShardPlace:
        """Where a shard is."""
        place = ShardPlace(
            cluster=self.map.cluster,
            url=self.url,
            collection="docs",
            shard=f"docs-{number:06d}",
            directory=str(self.folder / "disk" / f"docs-{number:06d}"),
            schema=self.schema,
            disk="d0",
            may_be_empty=True,
            durability=self.durability,
        )
        return replace(place, **changes)

    def change(self, **changes: Any) -> ClusterMap:
        """Put a map in which the first shard's entry is another; shard=None removes nothing."""

        def changed(old: ClusterMap) -> ClusterMap:
            collection = old.collection("docs")
            first = replace(collection.shards[0], **changes)
            return old.with_changed(collection.with_shards([], [first]))

        return self.maps.change(changed)

    def replace_first(self) -> ClusterMap:
        """Put a map in which another shard has the slots of the first one."""

        def changed(old: ClusterMap) -> ClusterMap:
            collection = old.collection("docs")
            first = collection.shards[0]
            (name,) = collection.new_names(1)
            new = collection.with_shards([first.id], [replace(first, id=name)])
            return old.with_changed(replace(new, next_shard=new.next_shard + 1))

        return self.maps.change(changed)
