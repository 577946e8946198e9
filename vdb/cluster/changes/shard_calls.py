"""Calls of a change to several shards at once, and what a change needs of an open cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Final, Protocol

from vdb.cluster.engines.base import Reply
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.errors import ShardUnavailableError

__all__ = ["ClusterAccess", "Maps", "on_all", "repeated"]

_PAUSE: Final = 0.05
_POLL: Final = 0.2


class Maps(Protocol):
    """The map of an open cluster."""

    @property
    def newest(self) -> ClusterMap:
        """As last seen."""

    def reload(self, seen: ClusterMap | None = None) -> ClusterMap:
        """As it is now."""

    def change(
        self, function: Callable[[ClusterMap], ClusterMap], *, timeout: float = 30.0
    ) -> ClusterMap:
        """As `MapObjects.change`."""


class ClusterAccess(Protocol):
    """An open cluster, as far as changes use it."""

    @property
    def maps(self) -> Maps:
        """Its map."""

    @property
    def timeout(self) -> float:
        """Seconds for which a shard that does not answer is asked again."""

    def call(
        self,
        collection: CollectionMap,
        shard: ShardEntry,
        method: str,
        /,
        *args: Any,
        timeout: float | None = None,
        **named: Any,
    ) -> Reply:
        """Call a method of a shard, which is started where it does not run."""

    def forget(self, shard: str) -> None:
        """Look for a shard again at the next call."""

    def stop(self, shard: str) -> None:
        """Stop a shard, and forget it."""


def repeated(access: ClusterAccess, shard: str, call: Callable[[], Any]) -> Any:
    """The result of a call that can be made twice; made again while the shard does not answer.

    Raises:
        ShardUnavailableError: It did not answer for as long as the timeout of the cluster.
        VdbError: The shard raised it.
    """
    last: float | None = None
    while True:
        began = time.monotonic()
        try:
            return call()
        except ShardUnavailableError:
            # A call that went on for long was answered until then: its time begins anew.
            now = time.monotonic()
            if last is None or now - began > access.timeout:
                last = now + access.timeout
            if now >= last:
                raise
            access.forget(shard)
            time.sleep(_PAUSE)


def on_all(
    access: ClusterAccess,
    collection: CollectionMap,
    shards: Iterable[ShardEntry],
    method: str,
    /,
    *args: Any,
    meanwhile: Callable[[], None] | None = None,
    each: Mapping[str, Mapping[str, Any]] | None = None,
    **named: Any,
) -> dict[str, Any]:
    """What several shards return for the same call, by their names; all work at once.

    The method must be one that can be called twice: a shard that dies meanwhile is asked again.

    Args:
        access: The open cluster.
        collection: The collection in its map.
        shards: Which shards.
        method: The method of `Shard`.
        args: Its arguments.
        meanwhile: Called several times a second until all have answered, in this thread. What it
            raises is raised; the calls go on.
        each: More named arguments of some shards, by their names.
        named: Named arguments of all.

    Raises:
        VdbError: The first that a shard raised, after all others have ended.
    """
    entries = list(shards)
    more = {} if each is None else each

    def ask(entry: ShardEntry) -> Any:
        own = {**named, **more.get(entry.id, {})}
        return repeated(
            access,
            entry.id,
            lambda: access.call(collection, entry, method, *args, **own).result(),
        )

    pool = ThreadPoolExecutor(max(1, len(entries)), "vdb change")
    try:
        calls = [pool.submit(ask, entry) for entry in entries]
        running = set(calls)
        while running:
            _, running = wait(running, None if meanwhile is None else _POLL)
            if meanwhile is not None and running:
                meanwhile()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    for call in calls:
        if (error := call.exception()) is not None:
            raise error
    return {entry.id: call.result() for entry, call in zip(entries, calls, strict=True)}
