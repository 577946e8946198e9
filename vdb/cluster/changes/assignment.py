"""Which new shards take which slots, and on which disks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_parts import ShardEntry, Slots, slot_ranges
from vdb.cluster.metadata.slots import SLOTS
from vdb.errors import InvalidArgumentError

__all__ = [
    "Exchange",
    "exchanges",
    "least_used_disks",
    "new_entries",
    "parts_of",
    "spread_slots",
]


class Exchange(NamedTuple):
    """Shards that are replaced by others with the same slots.

    Attributes:
        old: The names of those in the map.
        new: The slots of those that come instead.
    """

    old: tuple[str, ...]
    new: tuple[Slots, ...]


def spread_slots(shards: Sequence[ShardEntry], count: int) -> list[Slots]:
    """All slots in `count` parts that differ by one at most.

    Slots of one shard stay together as far as that goes: with twice as many shards each is cut in
    two, with half as many two become one, and as many as a new collection has lie as there.

    Raises:
        InvalidArgumentError: count is not 1..4,096.
    """
    if not 1 <= count <= SLOTS:
        raise InvalidArgumentError(
            f"shards must be 1..{SLOTS}, got {count}", expected=(1, SLOTS), received=count
        )
    in_order = np.concatenate([shard.slot_list() for shard in shards])
    ends = [number * SLOTS // count for number in range(1, count)]
    return [slot_ranges(part) for part in np.split(in_order, ends)]


def parts_of(shard: ShardEntry, count: int) -> list[Slots]:
    """The slots of a shard in `count` parts that differ by one at most.

    Raises:
        InvalidArgumentError: It has fewer slots, or count is less than 2.
    """
    if not 2 <= count <= shard.slot_count:
        raise InvalidArgumentError(
            f"shard {shard.id} has {shard.slot_count} slots, so it can be split into 2 to "
            f"{shard.slot_count}",
            expected=(2, shard.slot_count),
            received=count,
        )
    return [slot_ranges(part) for part in np.array_split(shard.slot_list(), count)]


def exchanges(shards: Sequence[ShardEntry], parts: Sequence[Slots]) -> list[Exchange]:
    """What has to be done so that the slots lie as in `parts`: as many small exchanges as can be.

    A shard whose slots are one of the parts stays as it is.
    """
    owner = np.empty(SLOTS, np.int64)
    for number, shard in enumerate(shards):
        owner[shard.slot_list()] = number
    # Old shards and parts that share a slot belong together.
    group = list(range(len(shards)))

    def root(number: int) -> int:
        while group[number] != number:
            number = group[number]
        return number

    sources = [np.unique(owner[np.fromiter(_slots(part), np.int64)]).tolist() for part in parts]
    for first, *others in sources:
        for other in others:
            group[root(other)] = root(first)
    found: dict[int, tuple[list[str], list[Slots]]] = {}
    for number, shard in enumerate(shards):
        found.setdefault(root(number), ([], []))[0].append(shard.id)
    for source, part in zip(sources, parts, strict=True):
        found[root(source[0])][1].append(part)
    return [
        Exchange(tuple(old), tuple(new))
        for old, new in found.values()
        if not len(old) == len(new) == 1
    ]


def least_used_disks(
    whole: ClusterMap, parts: Sequence[Slots], leaving: Sequence[str]
) -> list[str]:
    """The label of a disk for each part: the one with the fewest slots, of all collections.

    Shards that are `leaving` do not count.
    """
    used = dict.fromkeys((disk.label for disk in whole.disks), 0)
    shards = chain.from_iterable(collection.shards for collection in whole.collections)
    for shard in shards:
        if shard.id not in leaving:
            used[shard.disk] = used.get(shard.disk, 0) + shard.slot_count
    labels: list[str] = []
    for part in parts:
        label = min(used, key=lambda one: (used[one], one))
        used[label] += sum(stop - start for start, stop in part)
        labels.append(label)
    return labels


def new_entries(
    collection: CollectionMap, parts: Sequence[Slots], disks: Sequence[str]
) -> tuple[ShardEntry, ...]:
    """Entries of new shards, which may begin empty, under the next names of the collection."""
    names = collection.new_names(len(parts))
    return tuple(
        ShardEntry(name, disk, part, generation=1, new=True)
        for name, disk, part in zip(names, disks, parts, strict=True)
    )


def _slots(part: Slots) -> chain[int]:
    return chain.from_iterable(range(start, stop) for start, stop in part)
