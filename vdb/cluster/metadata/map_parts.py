"""What a map is made of: disks, shards, and a change that is under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.cluster.metadata.object_names import is_shard_name
from vdb.cluster.metadata.slots import SLOTS
from vdb.errors import InvalidArgumentError
from vdb.store.format.decoder import Fields

__all__ = ["Change", "Disk", "ShardEntry", "Slots", "slot_ranges"]

Slots = tuple[tuple[int, int], ...]
"""Ranges of slots, each from its first slot to the one behind its last, in rising order."""

_LONGEST: Final = 4096
_LATEST: Final = (1 << 63) - 1
_KINDS: Final = ("rebuild", "rollback", "reshard", "move", "recover")


@dataclass(frozen=True, slots=True)
class Disk:
    """A place where directories of shards lie.

    Attributes:
        label: Its name in the map.
        path: The directory in which those of shards are; None leaves it to the engine.
        node: The node that has it, as the engine calls it; None for any.
    """

    label: str
    path: str | None = None
    node: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The JSON object of the map's document."""
        return {"label": self.label, "path": self.path, "node": self.node}

    @classmethod
    def from_json(cls, fields: Fields) -> Disk:
        """The inverse of `to_json`; raises CorruptedError, which names the field."""
        disk = cls(
            fields.text("label", 256),
            fields.or_none(lambda name: fields.text(name, _LONGEST), "path"),
            fields.or_none(lambda name: fields.text(name, _LONGEST), "node"),
        )
        fields.end()
        return disk


@dataclass(frozen=True, slots=True)
class ShardEntry:
    """A shard: a database that holds the records of a set of slots, which never changes.

    Attributes:
        id: Its name, ``papers-000003``; never given out again.
        disk: The label of its disk.
        slots: Its slots, as ranges; at least one.
        generation: The generation of its collection that searches read.
        new: Whether its directory may be missing, as nothing was written yet. The first map after
            its start says False.
    """

    id: str
    disk: str
    slots: Slots
    generation: int = 1
    new: bool = True

    def __post_init__(self) -> None:
        """Refuse ranges that are empty, that overlap, or that leave the slots there are."""
        end = -1
        for start, stop in self.slots:
            if not end < start < stop <= SLOTS:
                raise InvalidArgumentError(
                    f"shard {self.id!r}: {start} to {stop} is no range of slots behind the one "
                    "before",
                    expected=(end + 1, SLOTS),
                    received=(start, stop),
                )
            end = stop
        if not self.slots:
            raise InvalidArgumentError(f"shard {self.id!r} has no slots")

    @property
    def slot_count(self) -> int:
        """The number of its slots."""
        return sum(stop - start for start, stop in self.slots)

    def slot_list(self) -> NDArray[np.int64]:
        """Its slots, rising; int64."""
        return np.concatenate([np.arange(start, stop) for start, stop in self.slots])

    def to_json(self) -> dict[str, Any]:
        """The JSON object of the map's document."""
        return {
            "id": self.id,
            "disk": self.disk,
            "slots": [list(one) for one in self.slots],
            "generation": self.generation,
            "new": self.new,
        }

    @classmethod
    def from_json(cls, fields: Fields) -> ShardEntry:
        """The inverse of `to_json`; raises CorruptedError, which names the field."""
        name, disk = fields.text("id", 256), fields.text("disk", 256)
        if not is_shard_name(name):
            fields.refuse("id", "the name of a shard", ascii(name)[:80])
        ranges = fields.items("slots", SLOTS)
        for one in ranges:
            if type(one) is not list or [type(end) for end in one] != [int, int]:
                fields.refuse("slots", "pairs of slots", ascii(one)[:80])
        shard = cls(
            name,
            disk,
            tuple((start, stop) for start, stop in ranges),
            fields.whole("generation", 0, _LATEST),
            fields.flag("new"),
        )
        fields.end()
        return shard


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a collection that takes more than one step, so that anybody can complete it.

    Attributes:
        kind: What is done.
        stage: How far it is: each kind has stages of its own.
        token: Who may go on with it, and the token of its writes: a text without spaces.
        spec: What it needs to go on: a JSON object.
    """

    kind: Literal["rebuild", "rollback", "reshard", "move", "recover"]
    stage: str
    token: str
    spec: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The JSON object of the map's document."""
        return {
            "kind": self.kind,
            "stage": self.stage,
            "token": self.token,
            "spec": dict(self.spec),
        }

    @classmethod
    def from_json(cls, fields: Fields) -> Change:
        """The inverse of `to_json`; raises CorruptedError, which names the field."""
        change = cls(
            cast(Any, fields.choice("kind", _KINDS)),
            fields.word("stage"),
            fields.word("token"),
            fields.map("spec").rest(),
        )
        fields.end()
        return change


def slot_ranges(slots: ArrayLike | Iterable[int]) -> Slots:
    """Slots, in any order, as ranges.

    Example:
        slot_ranges([5, 3, 4, 9])  # ((3, 6), (9, 10))
    """
    ordered = np.unique(np.asarray(slots, np.int64))
    if not len(ordered):
        return ()
    cuts = np.flatnonzero(np.diff(ordered) != 1) + 1
    return tuple((int(part[0]), int(part[-1]) + 1) for part in np.split(ordered, cuts))
