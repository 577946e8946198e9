"""A shard's look at the map: it answers only while it knows that it is in it."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from vdb.cluster.metadata import elapsed
from vdb.cluster.metadata.cluster_map import ClusterMap
from vdb.cluster.metadata.map_objects import MapObjects
from vdb.cluster.metadata.map_parts import Change, ShardEntry
from vdb.cluster.metadata.opening import cluster_store
from vdb.cluster.metadata.retrying_store import RetryingStore
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.errors import NotFoundError, ShardUnavailableError, StaleMapError, VdbError

__all__ = ["MapLease"]

_PATIENCE: Final = 2.0
"""Seconds for which a look at the map is repeated: a caller waits for it."""


class MapLease:
    """The newest map that a shard has seen, and when. Threads may share it.

    Half a lease after a look the next one is begun by a thread of its own, so that only the first
    answer after a long pause waits for the store.
    """

    def __init__(self, place: ShardPlace) -> None:
        self._place = place
        store = RetryingStore(cluster_store(place.url, place.storage_options), _PATIENCE)
        self._maps = MapObjects(store)
        self._lock = threading.Lock()
        self._map: ClusterMap | None = None
        self._entry: ShardEntry | None = None
        self._looked = float("-inf")
        self._looked_at: float | None = None  # by the clock on the wall, for messages
        self._looking = False

    def require(self) -> ShardEntry:
        """What the map says of the shard, as it was at most a lease ago.

        Raises:
            ShardUnavailableError: The map cannot be read.
            StaleMapError: The shard is not in it.
        """
        age = elapsed.now() - self._looked
        if age > self._place.lease:
            self._look(elapsed.now() - self._place.lease)
        elif self._entry is None:
            self._look(elapsed.now())  # it may be new in the map, or back in it
        elif age > self._place.lease / 2:
            self._look_soon()
        return self._in_map()

    def look(self) -> ShardEntry:
        """What the map says of the shard now; raises as `require`."""
        self._look(elapsed.now())
        return self._in_map()

    def entry(self) -> ShardEntry | None:
        """What the map says now; None where the shard is not in it."""
        self._look(elapsed.now())
        return self._entry

    def change_of(self, token: str) -> Change | None:
        """The change of that token in the map of now; None where there is none."""
        self._look(elapsed.now())
        known = self._map
        for one in () if known is None else known.collections:
            if one.name == self._place.collection and one.change is not None:
                return one.change if one.change.token == token else None
        return None

    def change(self, function: Callable[[ClusterMap], ClusterMap]) -> None:
        """Change the map; see `MapObjects.change`.

        Raises:
            ShardUnavailableError: The store failed.
            StaleMapError: `function` raised it.
        """
        with self._lock, self._failing():
            newest = self._maps.change(function, known=self._map)
            self._entry = self._entry_of(newest)
            self._map = newest

    def _in_map(self) -> ShardEntry:
        entry = self._entry
        if entry is None:
            raise StaleMapError(f"shard {self._place.shard} is not in the map of the cluster")
        return entry

    def _look(self, latest: float) -> None:
        """Look at the map, unless another thread began to after the moment `latest`."""
        with self._lock:
            if self._looked > latest:
                return
            began = elapsed.now()
            with self._failing():
                newest = self._maps.newest(self._map)
            if newest is not self._map:
                self._entry = self._entry_of(newest)
                self._map = newest
            self._looked, self._looked_at = began, time.time()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Inside, an error of the store is one of this shard, which cannot answer."""
        try:
            yield
        except StaleMapError:  # what `change` was given has refused
            raise
        except VdbError as error:
            raise ShardUnavailableError(
                f"shard {self._place.shard} cannot see the map of its cluster: {error}",
                shard=self._place.shard,
                node=platform.node(),
                since=self._looked_at,
            ) from error

    def _entry_of(self, newest: ClusterMap) -> ShardEntry | None:
        if newest.cluster != self._place.cluster:
            raise ShardUnavailableError(
                f"shard {self._place.shard} is of cluster {self._place.cluster}, and at "
                f"{self._maps.url} is cluster {newest.cluster}",
                shard=self._place.shard,
                node=platform.node(),
                since=self._looked_at,
            )
        try:
            return newest.collection(self._place.collection).shard(self._place.shard)
        except NotFoundError:
            return None

    def _look_soon(self) -> None:
        if self._looking:
            return
        self._looking = True
        threading.Thread(target=self._look_aside, name="vdb map", daemon=True).start()

    def _look_aside(self) -> None:
        try:
            self._look(elapsed.now() - self._place.lease / 2)
        except VdbError:
            pass  # the next answer after the lease says so
        finally:
            self._looking = False
