"""The maps of a cluster in its store: the newest one is true.

A map is put under the next number, and only where none of that number is, so of two that change the
same map one succeeds. Old maps are removed from the oldest on. Therefore a number that is not there
may be one of the past; whoever has not looked for some minutes makes sure that it is one of the
future (`_is_newest`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from os import urandom

from vdb.cluster.metadata import elapsed
from vdb.cluster.metadata.cluster_map import LARGEST_MAP, ClusterMap
from vdb.cluster.metadata.numbered_objects import is_there, numbers_below, prune_numbered
from vdb.cluster.metadata.object_names import MAPS, map_name
from vdb.errors import CorruptedError, MapConflictError, NotFoundError
from vdb.maintenance.repository.object_store import ObjectStore

__all__ = ["MapObjects"]

_FEW = 8
"""Maps that are read one after the other before the newest is looked up in a listing."""

_LEAST_KEPT = 2
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.5


class MapObjects:
    """Reads and changes the maps in a store. Threads may share it.

    Example:
        maps = MapObjects(cluster_store("file:///srv/papers"))
        maps.change(lambda old: old.without("drafts"))
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._newest = (0, 0.0)

    @property
    def url(self) -> str:
        """Where the maps are, without credentials."""
        return self._store.url

    def create(self, first: ClusterMap) -> ClusterMap:
        """Put the first map of a cluster.

        Raises:
            MapConflictError: There is a cluster.
        """
        if next(iter(self._store.entries(MAPS)), None) is not None:
            raise MapConflictError(f"there is a cluster at {self.url}")
        return self.put(replace(first, version=1))

    def newest(self, known: ClusterMap | None = None) -> ClusterMap:
        """The map that is true; `known` itself where there is no newer one.

        With a map that is known this is one small request while nothing changes.

        Raises:
            NotFoundError: There is no cluster.
            CorruptedError, FormatVersionError: The map cannot be read.
            RemoteError, DiskError: The store cannot be.
        """
        for _ in range(_FEW):
            if known is None:
                break
            began = elapsed.now()
            newer = self._read(known.version + 1)
            if newer is None:
                if self._is_newest(known.version, began):
                    return known
                break
            known = newer
        while True:
            began = elapsed.now()
            versions = numbers_below(self._store, MAPS)
            if not versions:
                raise NotFoundError(f"there is no cluster at {self.url}", received=self.url)
            newest = self._read(versions[-1])
            if newest is not None:  # else it was removed meanwhile, as there are many newer ones
                self._newest = (newest.version, began)
                return newest

    def _is_newest(self, version: int, began: float) -> bool:
        """Whether the map behind `version`, which is not there, is none of the past."""
        newest, when = self._newest
        trusted = newest == version and elapsed.now() - when <= elapsed.TRUSTED
        # Maps are removed from the oldest on: while one is there, so are all newer ones.
        if not trusted and not is_there(self._store, map_name(version)):
            return False
        self._newest = (version, began)
        return True

    def read(self, version: int) -> ClusterMap:
        """The map of a version.

        Raises:
            NotFoundError: It was never put, or has been removed.
        """
        one = self._read(version)
        if one is None:
            raise NotFoundError(f"there is no map {version} at {self.url}", received=version)
        return one

    def _read(self, version: int) -> ClusterMap | None:
        name = map_name(version)
        document = self._store.get(name, LARGEST_MAP)
        if document is None:
            return None
        where = f"{self.url}/{name}"
        one = ClusterMap.decode(document, where)
        if one.version != version:
            raise CorruptedError(
                f"version: expected {version}, got {one.version}",
                where=where,
                expected=version,
                received=one.version,
            )
        return one

    def put(self, new: ClusterMap) -> ClusterMap:
        """Put the map that follows the newest; returns it as it is in the store.

        Raises:
            MapConflictError: There is one of that version, or later ones.
        """
        new = replace(new, stamp=urandom(8).hex())
        name, before = map_name(new.version), new.version - 1
        newest, when = self._newest
        began = elapsed.now()
        if not self._store.create(name, new.encode()):
            raise MapConflictError(f"map {new.version} of {self.url} is another's")
        trusted = newest == before and elapsed.now() - when <= elapsed.TRUSTED
        if before and not trusted and not is_there(self._store, map_name(before)):
            # A number of the past, whose own map was removed. The last of a row of them may stay.
            if not is_there(self._store, map_name(new.version + 1)):
                self._store.delete([name])
            raise MapConflictError(f"map {new.version} of {self.url} is one of the past")
        self._newest = (new.version, began)
        return new

    def change(
        self,
        function: Callable[[ClusterMap], ClusterMap],
        *,
        known: ClusterMap | None = None,
        timeout: float = 30.0,
    ) -> ClusterMap:
        """Change the newest map: again from its successor, where another was quicker.

        Args:
            function: The map as it should be, made of the newest; the same object for no change. It
                may be called several times, and raises what it likes.
            known: A map to begin with, which saves a listing.
            timeout: Seconds after which no further attempt is made.

        Returns:
            The map that is true now.

        Raises:
            MapConflictError: Others were quicker, until the timeout.
        """
        last = time.monotonic() + timeout
        pause = _FIRST_PAUSE
        while True:
            known = self.newest(known)
            new = function(known)
            if new is known:
                return known
            try:
                return self.put(replace(new, version=known.version + 1))
            except MapConflictError:
                if time.monotonic() >= last:
                    raise
            time.sleep(pause * random.random())  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE)

    def prune(self, keep: int = 100, *, grace: float = elapsed.GRACE) -> int:
        """Remove old maps, from the oldest on; returns how many.

        Args:
            keep: The newest maps that stay, at least 2.
            grace: Seconds by which a map that is removed is older than the newest. Less than an
                hour only where no other process has the cluster open.
        """
        return prune_numbered(self._store, MAPS, keep=max(keep, _LEAST_KEPT), grace=grace)
