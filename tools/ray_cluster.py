"""A cluster of Ray's on this machine, for tests and campaigns: a head and nodes, on loopback only.

Every process that it starts has a mark in its environment, so that all of them can be ended, and
seen to have ended, also those whose parent was killed.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

__all__ = ["RayCluster", "marked_processes"]

_MARK: Final = "VDB_RAY_CLUSTER"
_MEMORY: Final = 80_000_000  # bytes of an object store: nearly the least that Ray takes
_ADDRESS: Final = "127.0.0.1"
_CHECKS: Final = {
    "health_check_initial_delay_ms": 2000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 2000,
    "health_check_failure_threshold": 3,
}
"""A node that says nothing is dead after some 10 seconds; by default after more than a minute."""


class RayCluster:
    """A head, which has no disk, and nodes with one disk each.

    Args:
        disks: The names of the disks of the first nodes.
        cores: That each node lends.
    """

    def __init__(self, *disks: str, cores: int = 2) -> None:
        self.mark = secrets.token_hex(8)
        self._cores = cores
        self._nodes: dict[str, Any] = {}
        os.environ |= {
            _MARK: self.mark,
            "RAY_AUTH_MODE": "disabled",  # no secret in the home directory of whoever tests
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",  # by default 15, with which a busy machine has no time
            # A setting for systems with loopback alone: Ray replaces 127.0.0.1 in addresses by
            # that of the first interface, where this cluster does not listen.
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        }
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - an extra

        head = {"num_cpus": cores, "include_dashboard": False, "_system_config": _CHECKS}
        with _silent():
            self._cluster = Cluster(initialize_head=True, head_node_args=head | _common())
        try:
            for disk in disks:
                self.add_node(disk)
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        """Of the head, as `ray.init` takes it."""
        return str(self._cluster.address)

    @property
    def head(self) -> int:
        """The process of the head's service (GCS)."""
        return int(self._cluster.head_node.all_processes["gcs_server"][0].process.pid)

    def raylet(self, disk: str) -> int:
        """The process that is the node of a disk."""
        return int(self._nodes[disk].all_processes["raylet"][0].process.pid)

    def add_node(self, disk: str) -> None:
        """Starts a node that has a disk."""
        with _silent():
            self._nodes[disk] = self._cluster.add_node(
                num_cpus=self._cores, labels={"vdb-disk": disk}, **_common()
            )

    def kill_node(self, disk: str) -> None:
        """Ends a node and all processes on it at once, as a machine that loses its power."""
        node = self._nodes.pop(disk)
        raylet = node.all_processes["raylet"][0].process.pid
        for process in [*_children(raylet), raylet]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        with suppress(Exception):
            self._cluster.remove_node(node, allow_graceful=False)

    def stall_node(self, disk: str) -> None:
        """Stops a node and all processes on it, as a machine that is cut off."""
        raylet = self.raylet(disk)
        for process in [raylet, *_children(raylet)]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)

    def wake_node(self, disk: str) -> None:
        """Lets a node go on; one that was declared dead ends itself."""
        raylet = self.raylet(disk)
        for process in [*_children(raylet), raylet]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)

    def close(self) -> None:
        """Ends all processes."""
        import ray  # noqa: PLC0415 - an extra

        with suppress(Exception):
            ray.shutdown()
        with suppress(Exception):
            self._cluster.shutdown()
        end = time.monotonic() + 10
        while (left := marked_processes(self.mark)) and time.monotonic() < end:
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def marked_processes(mark: str) -> list[int]:
    """The processes with a mark that run, this one and its own children that are Python's apart."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):
            if f"{_MARK}={mark}".encode() not in (folder / "environ").read_bytes():
                continue
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX":
                found.append(int(folder.name))
    return found


def _common() -> dict[str, Any]:
    return {"object_store_memory": _MEMORY, "node_ip_address": _ADDRESS}


def _children(process: int) -> list[int]:
    """All processes below one, by their parents."""
    rows = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    children: dict[int, list[int]] = {}
    for row in rows.stdout.splitlines():
        pid, parent = map(int, row.split())
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    rest = [process]
    while rest:
        below = children.get(rest.pop(), [])
        found += below
        rest += below
    return found


@contextmanager
def _silent() -> Iterator[None]:
    """Without what Ray writes to the standard error while it starts."""
    sys.stderr.flush()
    old = os.dup(2)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(old, 2)
            os.close(old)
