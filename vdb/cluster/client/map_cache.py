"""The newest map that this program has seen; read again when a shard says that it is old."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vdb.cluster.metadata.cluster_map import ClusterMap
from vdb.cluster.metadata.map_objects import MapObjects

__all__ = ["MapCache"]


class MapCache:
    """The map of a cluster, for all threads of a program."""

    def __init__(self, maps: MapObjects, first: ClusterMap) -> None:
        self._maps = maps
        self._newest = first
        self._reading = threading.Lock()
        self._begun = 0  # how often the map was read

    @property
    def newest(self) -> ClusterMap:
        """The map as last seen."""
        return self._newest

    def reload(self, seen: ClusterMap | None = None) -> ClusterMap:
        """The map that is true now.

        Threads that call this at the same time share one request. With `seen` a map that is newer
        than that is enough.

        Raises:
            RemoteError, DiskError: The store cannot be read.
        """
        before = self._begun
        with self._reading:
            newer = seen is not None and self._newest.version > seen.version
            # A request that began after this call did has seen everything that this one would.
            if not newer and self._begun <= before:
                self._begun += 1
                self._take(self._maps.newest(self._newest))
            return self._newest

    def change(
        self, function: Callable[[ClusterMap], ClusterMap], *, timeout: float = 30.0
    ) -> ClusterMap:
        """Change the map, as `MapObjects.change` does; the map that is true now."""
        changed = self._maps.change(function, known=self._newest, timeout=timeout)
        with self._reading:
            self._take(changed)
        return changed

    def _take(self, new: ClusterMap) -> None:
        if new.version > self._newest.version:
            self._newest = new
