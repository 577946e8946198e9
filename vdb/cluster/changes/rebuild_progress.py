"""How far a rebuild is on all shards together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from vdb.cluster.changes.shard_calls import ClusterAccess, on_all
from vdb.cluster.metadata.cluster_map import CollectionMap
from vdb.errors import VdbError
from vdb.maintenance.rebuild import RebuildProgress

__all__ = ["ShardsProgress"]

_PHASES: Final = ("copying", "embedding", "building", "catching up", "validating", "removing")


class ShardsProgress:
    """Asks shards where their rebuilds are, and says it to a caller, as one rebuild."""

    def __init__(
        self,
        access: ClusterAccess,
        collection: CollectionMap,
        progress: Callable[[RebuildProgress], object] | None,
    ) -> None:
        self._access = access
        self._collection = collection
        self._progress = progress

    def report(self) -> None:
        """Ask, and call the caller's function; what that raises is raised."""
        if self._progress is None:
            return
        shards = self._collection.shards
        states: list[RebuildProgress | None] = []
        with suppress(VdbError):  # a shard that does not answer is asked again by its rebuild
            states = list(
                on_all(self._access, self._collection, shards, "rebuild_progress").values()
            )
        working = [state for state in states if state is not None]
        if not working:
            return
        phase = min((state.phase for state in working), key=_PHASES.index)
        same = [state for state in working if state.phase == phase]
        done, total = sum(one.done for one in same), sum(one.total for one in same)
        self._progress(RebuildProgress(phase, done, total))

    def stop(self) -> None:
        """Stop the rebuilds of all shards; what they built stays as an unfinished rebuild."""
        with suppress(VdbError):
            on_all(self._access, self._collection, self._collection.shards, "stop_rebuild")
