"""On which node a shard runs: one that has its disk.

A node has the disks that it was started with, by any of three ways:

- `ray start --labels="vdb-disk=NAME"`: one disk;
- `ray start --resources='{"vdb-disk:NAME": 1}'`: as many as there are entries;
- not at all: where no node names a disk, a node's address is the name of its one disk.

Ray itself waits for ever for a node that does not come, so the list of nodes is looked at first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from vdb.cluster.engines.ray.library import ray
from vdb.errors import EngineError

__all__ = ["Node", "disks", "nodes", "placed"]

_LABEL: Final = "vdb-disk"
_RESOURCE: Final = "vdb-disk:"
_ADDRESS: Final = "node:"
_SHARE: Final = 0.0001
"""Of a resource that is there only to be found."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of Ray's that is alive.

    Attributes:
        id: Its id, which is another after each start.
        address: Its address.
        cores: How many it lends.
        disks: The names of its disks, and the options of Ray's that place an actor there.
    """

    id: str
    address: str
    cores: int
    disks: dict[str, dict[str, Any]] = field(default_factory=dict)


def nodes() -> list[Node]:
    """The nodes that are alive."""
    return [_node(row) for row in ray.nodes() if row["Alive"]]


def disks() -> dict[str, list[Node]]:
    """Which nodes have which disk, by the names of the disks."""
    listed = nodes()
    if not any(node.disks for node in listed):
        for node in listed:
            node.disks[node.address] = {"resources": {f"{_ADDRESS}{node.address}": _SHARE}}
    places: dict[str, list[Node]] = {}
    for node in listed:
        for disk in node.disks:
            places.setdefault(disk, []).append(node)
    return dict(sorted(places.items()))


def placed(disk: str) -> tuple[Node, dict[str, Any]]:
    """A node with that disk, and the options that place an actor there.

    Raises:
        EngineError: No node that is alive has it; lists the disks that there are.
    """
    there = disks()
    if disk not in there:
        names = ", ".join(there) or "none"
        raise EngineError(
            f"no node of Ray's has the disk {disk!r}; there are: {names}. A node is started with "
            f'ray start --labels="{_LABEL}={disk}"',
            expected=sorted(there),
            received=disk,
        )
    node = there[disk][0]
    return node, node.disks[disk]


def _node(row: dict[str, Any]) -> Node:
    resources: dict[str, float] = row["Resources"]
    address = str(row["NodeManagerAddress"])
    found: dict[str, dict[str, Any]] = {}
    label = row.get("Labels", {}).get(_LABEL)
    if label:
        found[label] = {"label_selector": {_LABEL: label}}
    for name in resources:
        if name.startswith(_RESOURCE):
            found[name.removeprefix(_RESOURCE)] = {"resources": {name: _SHARE}}
    return Node(row["NodeID"], address, max(1, int(resources.get("CPU", 1))), found)
