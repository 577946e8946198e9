"""What runs on a node: one actor, which is one process, a shard.

The actor is made from the shard's place and nothing else, because Ray makes it again with the same
arguments when its process dies. The database is opened by the first call: an error in the
constructor of an actor would end it for good, and come as a text.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from vdb.cluster.engines.ray.library import ray
from vdb.cluster.shards.shard import Shard
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.errors import EngineError, InvalidArgumentError
from vdb.model.version import __version__

__all__ = ["Greeting", "ShardActor", "group_of", "groups"]

_SEARCHES: Final = frozenset({"read", "search", "search_many"})
_WRITES: Final = frozenset({"put_rows", "write"})
_CONTROL: Final = frozenset({"begin_journal", "end_journal", "freeze", "retire", "status", "thaw"})
_ROOT: Final = "VDB_DISK"
"""The variable of a node's environment that says where its disk is, for disks without a path."""

_SEARCHERS: Final = 4
_WRITERS: Final = 8
_WORKERS: Final = 4


class Greeting(NamedTuple):
    """What an actor says of itself, without looking at its database.

    Attributes:
        place: Where its shard is.
        version: Of vdb, on its node.
        python: The version of Python there.
        node: The address of its node.
        pid: Its process.
        since: When the process began, seconds of Unix time.
    """

    place: ShardPlace
    version: str
    python: str
    node: str
    pid: int
    since: float


def group_of(method: str) -> str:
    """The group of threads that a method of a shard runs in; what is not listed may take long."""
    if method in _SEARCHES:
        return "searches"
    if method in _WRITES:
        return "writes"
    return "control" if method in _CONTROL else "work"


def groups() -> dict[str, int]:
    """The threads of each group: searches never wait for writes, nor anybody for a build.

    Writes of several threads become one commit.
    """
    return {"searches": _SEARCHERS, "writes": _WRITERS, "work": _WORKERS, "control": 2}


class ShardActor:
    """A shard in a process of its own."""

    def __init__(self, place: ShardPlace) -> None:
        """Opens nothing."""
        self._place = place
        self._since = time.time()
        self._lock = threading.Lock()
        self._shard: Shard | None = None

    def greet(self) -> Greeting:
        """Who this is."""
        address: str = ray.util.get_node_ip_address()
        return Greeting(
            self._place, __version__, platform.python_version(), address, os.getpid(), self._since
        )

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        """A public method of the shard.

        Raises:
            VdbError: As the method does.
        """
        function = None if method.startswith("_") else getattr(self._opened(), method, None)
        if not callable(function):
            raise InvalidArgumentError(
                f"a shard has no method {method!r}", expected="a method", received=method
            )
        return function(*args, **kwargs)

    def open(self) -> None:
        """Open the database, so that a shard that cannot be opened is known at its start.

        Raises:
            VdbError: As `Shard`.
        """
        self._opened()

    def close(self) -> None:
        """Closes the database, before the actor ends."""
        with self._lock:
            shard, self._shard = self._shard, None
        if shard is not None:
            shard.close()

    def _opened(self) -> Shard:
        with self._lock:
            if self._shard is None:
                self._shard = Shard(_located(self._place))
            return self._shard


def _located(place: ShardPlace) -> ShardPlace:
    """The place with a directory that is absolute: a disk without a path lies where the node says.

    Raises:
        EngineError: The node does not say.
    """
    if Path(place.directory).is_absolute():
        return place
    root = os.environ.get(_ROOT, "")
    if not Path(root).is_absolute():
        raise EngineError(
            f"the disk {place.disk!r} has no path in the map, and {_ROOT} is not set on its node: "
            "give disks= their paths, or set it before ray start",
            expected="an absolute path",
            received=root,
        )
    return replace(place, directory=str(Path(root) / place.directory))
