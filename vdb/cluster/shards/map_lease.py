"""A shard's look at the map: it answers only while it knows that it is in it."""

from __future__ import annotations

import threading
import time

from vdb.cluster.metadata import elapsed
from vdb.cluster.metadata.cluster_map import ClusterMap
from vdb.cluster.metadata.map_objects import MapObjects
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.cluster.metadata.opening import cluster_store
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.errors import NotFoundError, ShardUnavailableError, StaleMapError, VdbError

__all__ = ["MapLease"]


class MapLease:
    """The newest map that a shard has seen, and when. Threads may share it.

    Half a lease after a look the next one is begun by a thread of its own, so that only the first
    answer after a long pause waits for the store.
    """

    def __init__(self, place: ShardPlace) -> None:
        self._place = place
        self.maps = MapObjects(cluster_store(place.url, place.storage_options))
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
            try:
                newest = self.maps.newest(self._map)
            except VdbError as error:
                raise ShardUnavailableError(
                    f"shard {self._place.shard} cannot see the map of its cluster: {error}",
                    shard=self._place.shard,
                    since=self._looked_at,
                ) from error
            if newest is not self._map:
                self._entry = self._entry_of(newest)
                self._map = newest
            self._looked, self._looked_at = began, time.time()

    def _entry_of(self, newest: ClusterMap) -> ShardEntry | None:
        if newest.cluster != self._place.cluster:
            raise ShardUnavailableError(
                f"shard {self._place.shard} is of cluster {self._place.cluster}, and at "
                f"{self.maps.url} is cluster {newest.cluster}",
                shard=self._place.shard,
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
