"""The map of a cluster: which shard has which slots, and what is being changed.

A map is a value and never changes: a change makes the next one (`MapObjects.change`). Its document
is JSON behind a checksum, `{"sha256":"...","map":{...}}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from vdb.api.collection_schema import CollectionSchema
from vdb.cluster.metadata.format_versions import require_known_version
from vdb.cluster.metadata.map_parts import Change, Disk, ShardEntry
from vdb.cluster.metadata.object_names import shard_name
from vdb.cluster.metadata.schema_document import schema_from_json
from vdb.cluster.metadata.slots import SLOTS
from vdb.errors import (
    CollectionExistsError,
    CorruptedError,
    FormatVersionError,
    InvalidArgumentError,
    NotFoundError,
    VdbError,
)
from vdb.maintenance.repository.checked_json import CheckedJson
from vdb.model.config import NAME
from vdb.store.format.decoder import Fields

__all__ = ["FORMAT_VERSION", "LARGEST_MAP", "ClusterMap", "CollectionMap"]

FORMAT_VERSION: Final = 1
"""The version of the format of maps and logs that this release writes and reads."""

LARGEST_MAP: Final = 1 << 26
"""Bytes of a document at most."""

_FORMAT: Final = "vdb-cluster"
_DOCUMENT: Final = CheckedJson("map", "map of a cluster")
_MOST: Final = 1 << 20
_LATEST: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class CollectionMap:
    """A collection: its schema, and where its records are.

    Attributes:
        name: Its name.
        schema: The arguments of `create_collection`, as `schema_to_json` makes them.
        shards: Its shards, in the order of their names; each slot is in exactly one.
        next_shard: The number of the next shard; numbers are never given out again.
        change: What is being changed, until it is complete; None for nothing.
    """

    name: str
    schema: Mapping[str, Any]
    shards: tuple[ShardEntry, ...]
    next_shard: int
    change: Change | None = None

    def __post_init__(self) -> None:
        """Refuse shards that leave out a slot, or have one twice."""
        owners = np.zeros(SLOTS, np.int64)
        for shard in self.shards:
            for start, stop in shard.slots:
                owners[start:stop] += 1
        if not (owners == 1).all():
            slot = int(np.flatnonzero(owners != 1)[0])
            raise InvalidArgumentError(
                f"collection {self.name!r}: slot {slot} is in {owners[slot]} shards",
                expected=1,
                received=int(owners[slot]),
            )
        names = [shard.id for shard in self.shards]
        if len(set(names)) != len(names):
            raise InvalidArgumentError(f"collection {self.name!r}: a shard is there twice")

    def collection_schema(self, where: str = "the map") -> CollectionSchema:
        """The schema as a value; raises CorruptedError where it is none."""
        return schema_from_json(self.name, self.schema, f"{where} collections.{self.name}.schema")

    def owners(self) -> NDArray[np.int32]:
        """For each slot the position of its shard in `shards`; int32, shape (4,096,)."""
        owners = np.empty(SLOTS, np.int32)
        for position, shard in enumerate(self.shards):
            for start, stop in shard.slots:
                owners[start:stop] = position
        return owners

    def shard(self, name: str) -> ShardEntry:
        """The shard of that name; raises NotFoundError where it is in the map no more."""
        for shard in self.shards:
            if shard.id == name:
                return shard
        raise NotFoundError(f"collection {self.name!r} has no shard {name!r}")

    def source_of(self, shard: str) -> str:
        """The shard whose backup and log a new one is made of; "" for one that begins empty."""
        change = self.change
        if change is None or change.kind != "recover":
            return ""
        old, new = change.spec.get("old"), change.spec.get("new")
        if not (isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == 1):
            return ""
        return str(old[0].get("id", "")) if new[0].get("id") == shard else ""

    def new_names(self, count: int) -> tuple[str, ...]:
        """The names of the next `count` shards; the map that uses them raises `next_shard`."""
        numbers = range(self.next_shard, self.next_shard + count)
        return tuple(shard_name(self.name, number) for number in numbers)

    def with_shards(self, remove: Iterable[str], put: Iterable[ShardEntry]) -> CollectionMap:
        """The same collection with other shards; `put` replaces one of the same name."""
        shards = {shard.id: shard for shard in self.shards}
        for name in remove:
            del shards[name]
        shards.update((shard.id, shard) for shard in put)
        ordered = tuple(shards[name] for name in sorted(shards))
        return replace(self, shards=ordered)

    def to_json(self) -> dict[str, Any]:
        """The JSON object of the map's document."""
        return {
            "schema": dict(self.schema),
            "shards": [shard.to_json() for shard in self.shards],
            "next_shard": self.next_shard,
            "change": None if self.change is None else self.change.to_json(),
        }

    @classmethod
    def from_json(cls, name: str, fields: Fields, where: str) -> CollectionMap:
        """The inverse of `to_json`; raises CorruptedError, which names the field."""
        schema = fields.map("schema").rest()
        shards = tuple(
            ShardEntry.from_json(Fields(one, f"{where} shards[{i}]"))
            for i, one in enumerate(fields.items("shards", SLOTS))
        )
        next_shard = fields.whole("next_shard", 0, _LATEST)
        change = fields.or_none(fields.map, "change")
        fields.end()
        collection = cls(
            name,
            schema,
            shards,
            next_shard,
            None if change is None else Change.from_json(change),
        )
        collection.collection_schema(where)
        return collection


@dataclass(frozen=True, slots=True)
class ClusterMap:
    """Everything that is true of a cluster at one moment, but for the records.

    Attributes:
        version: The number of the map; each change makes the next one. 1 is the first.
        cluster: The uuid of the cluster, 32 hexadecimal digits.
        durability: "node": what is acknowledged is on the disk of its shard. "stored": and in the
            shard's log.
        lease: Seconds for which a shard answers without having seen the map.
        disks: Where directories of shards lie, by label.
        collections: The collections, in the order of their names.
        dropped: Of collections that were dropped, the number of the next shard, so that one of the
            same name does not meet logs of the old one.
        stamp: Who put the map: 16 hexadecimal digits, which `MapObjects` makes anew for each put.
    """

    version: int
    cluster: str
    durability: Literal["node", "stored"] = "node"
    lease: float = 10.0
    disks: tuple[Disk, ...] = ()
    collections: tuple[CollectionMap, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    stamp: str = "0" * 16

    def collection(self, name: str) -> CollectionMap:
        """The collection of that name; raises NotFoundError where there is none."""
        for collection in self.collections:
            if collection.name == name:
                return collection
        raise NotFoundError(f"there is no collection {name!r} in the cluster", received=name)

    def disk(self, label: str) -> Disk:
        """The disk of that label; raises NotFoundError where there is none."""
        for disk in self.disks:
            if disk.label == label:
                return disk
        raise NotFoundError(f"there is no disk {label!r} in the cluster", received=label)

    def first_shard(self, name: str) -> int:
        """The number of the first shard of a new collection of that name."""
        return self.dropped.get(name, 0)

    def with_new(self, collection: CollectionMap) -> ClusterMap:
        """The map with one collection more; its shards begin at `first_shard`.

        Raises:
            CollectionExistsError: There is one of that name.
        """
        if any(one.name == collection.name for one in self.collections):
            raise CollectionExistsError(
                f"collection {collection.name!r} exists in the cluster", received=collection.name
            )
        if collection.next_shard < self.first_shard(collection.name):
            raise InvalidArgumentError(
                f"shards of collection {collection.name!r} must begin at "
                f"{self.first_shard(collection.name)}, those before are of one that was dropped",
                expected=self.first_shard(collection.name),
                received=collection.next_shard,
            )
        dropped = {name: n for name, n in self.dropped.items() if name != collection.name}
        return replace(self._with((*self.collections, collection)), dropped=dropped)

    def with_changed(self, collection: CollectionMap) -> ClusterMap:
        """The map with another state of a collection that it has; raises NotFoundError."""
        self.collection(collection.name)
        others = (one for one in self.collections if one.name != collection.name)
        return self._with((*others, collection))

    def without(self, name: str) -> ClusterMap:
        """The map without a collection; raises NotFoundError where there is none."""
        dropped = {**self.dropped, name: self.collection(name).next_shard}
        others = tuple(one for one in self.collections if one.name != name)
        return replace(self._with(others), dropped=dropped)

    def _with(self, collections: tuple[CollectionMap, ...]) -> ClusterMap:
        return replace(self, collections=tuple(sorted(collections, key=lambda one: one.name)))

    def encode(self) -> bytes:
        """The document; see docs/internals/cluster-format.md."""
        return _DOCUMENT.encode(
            {
                "format": _FORMAT,
                "format_version": FORMAT_VERSION,
                "version": self.version,
                "cluster": self.cluster,
                "durability": self.durability,
                "lease": float(self.lease),
                "disks": [disk.to_json() for disk in self.disks],
                "collections": {one.name: one.to_json() for one in self.collections},
                "dropped": dict(self.dropped),
                "stamp": self.stamp,
            },
        )

    @classmethod
    def decode(cls, document: bytes, where: str) -> ClusterMap:
        """The map of a document.

        Raises:
            CorruptedError: It is not what `encode` writes; names the field.
            FormatVersionError: A later release wrote it.
        """
        value = _DOCUMENT.decode(document, where)
        try:
            return cls._from(Fields(value, where), where)
        except (CorruptedError, FormatVersionError):
            raise
        except VdbError as error:
            raise CorruptedError(f"the map contradicts itself: {error}", where=where) from None

    @classmethod
    def _from(cls, fields: Fields, where: str) -> ClusterMap:
        fields.choice("format", (_FORMAT,))
        require_known_version(fields, FORMAT_VERSION, "clusters", where)
        version = fields.whole("version", 1, _LATEST)
        cluster, durability = fields.text("cluster", 32), fields.choice("durability", _DURABILITIES)
        lease = fields.number("lease", 0.001, 86400.0)
        disks = tuple(
            Disk.from_json(Fields(one, f"{where} disks[{i}]"))
            for i, one in enumerate(fields.items("disks", _MOST))
        )
        collections = _collections(fields.map("collections"), where)
        counts = fields.map("dropped")
        dropped = {name: counts.whole(name, 0, _LATEST) for name in counts.names()}
        stamp = fields.text("stamp", 16)
        fields.end()
        return cls(
            version,
            cluster,
            cast(Literal["node", "stored"], durability),
            lease,
            disks,
            collections,
            dropped,
            stamp,
        )


_DURABILITIES: Final = ("node", "stored")


def _collections(fields: Fields, where: str) -> tuple[CollectionMap, ...]:
    collections: list[CollectionMap] = []
    for name in fields.names():
        if NAME.fullmatch(name) is None:
            raise CorruptedError(f"collections: {name[:80]!a} is no name", where=where)
        place = f"{where} collections.{name}"
        collections.append(CollectionMap.from_json(name, fields.map(name), place))
    return tuple(sorted(collections, key=lambda one: one.name))
