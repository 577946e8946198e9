"""What a cluster says of itself, as dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vdb.model.results import Result

__all__ = ["ClusterStatus", "ShardBackup", "ShardProblem", "ShardStatus"]


@dataclass(frozen=True, slots=True)
class ShardStatus(Result):
    """One shard at one moment.

    Attributes:
        collection: The collection whose records it has.
        shard: Its name.
        disk: The label of its disk.
        node: Where it runs, as the engine calls it; None where it does not.
        slots: How many of the 4,096 slots it has.
        backup: When its newest backup was made, in UTC; None where there is none.
        records: Its records; None where it does not answer, as for all that follow.
        generation: The generation in use.
        metric: The metric of that.
        seq: The number of its last commit.
        frozen: Whether it refuses writes, for a change of the cluster.
        error: Why it does not answer; None where it does.
    """

    collection: str
    shard: str
    disk: str
    node: str | None
    slots: int
    backup: datetime | None = None
    records: int | None = None
    generation: int | None = None
    metric: str | None = None
    seq: int | None = None
    frozen: bool | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterStatus(Result):
    """A cluster at one moment.

    Attributes:
        url: Where its objects are.
        cluster: Its identity, 32 hexadecimal digits.
        version: The version of its map; each change makes the next one.
        durability: "node" or "stored".
        lease: Seconds for which a shard answers without having seen the map.
        disks: The directories of the disks, by label.
        changes: For each collection that is being changed, what is done and how far it is.
        shards: Its shards, by collection and name.
    """

    url: str
    cluster: str
    version: int
    durability: str
    lease: float
    disks: dict[str, str | None]
    changes: dict[str, str]
    shards: tuple[ShardStatus, ...]

    @property
    def complete(self) -> bool:
        """Whether every shard answers."""
        return all(shard.error is None for shard in self.shards)


@dataclass(frozen=True, slots=True)
class ShardBackup(Result):
    """A backup of one shard, in the store of the cluster.

    Attributes:
        shard: The shard.
        name: The name of the backup.
        seq: The number of the last commit that is surely in it.
        bytes: Bytes of the backup.
        sent: Bytes of it that no earlier backup had.
    """

    shard: str
    name: str
    seq: int
    bytes: int
    sent: int


@dataclass(frozen=True, slots=True)
class ShardProblem(Result):
    """A problem that `Cluster.check` has met.

    Attributes:
        shard: The shard.
        text: What is wrong there.
    """

    shard: str
    text: str

    def __str__(self) -> str:
        return f"{self.shard}: {self.text}"
