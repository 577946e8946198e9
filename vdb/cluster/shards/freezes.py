"""Writes stopped for a change of the cluster, and the end of that when the change is gone.

A shard is frozen by a change until it is thawed, or until the time is over. Before it accepts
writes by itself it makes sure that the change can have no effect any more: a change that copies
records is put back in the map ("undo"), so that its last map is refused, and one that rebuilds is
marked as lapsed. So no write is accepted that the copies lack, or that another metric refuses.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Final

from vdb.cluster.metadata import elapsed
from vdb.cluster.metadata.cluster_map import ClusterMap
from vdb.cluster.shards.map_lease import MapLease
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.cluster.shards.state import Freeze, ShardState, StateRecords
from vdb.cluster.shards.writes import Writes, refuse_retired
from vdb.errors import BusyError, NotFoundError, StaleMapError

__all__ = ["Freezes"]

_PATIENCE: Final = 0.5
"""Seconds that a write waits for a thaw before it is told that the map is being changed."""

_POLL: Final = 0.02
_COPYING: Final = ("reshard", "move", "recover")


class Freezes:
    """The freezes of an open shard. Threads may share it."""

    def __init__(
        self, place: ShardPlace, state: StateRecords, writes: Writes, lease: MapLease
    ) -> None:
        self._place = place
        self._state = state
        self._writes = writes
        self._lease = lease
        self._thawed = threading.Condition()
        # The stamp of the freeze that is on, and when this process first saw it.
        self._first_seen: tuple[str, float] = ("", 0.0)

    def freeze(self, owner: str, seconds: float) -> int:
        """Refuse writes; returns the number of the last commit. The same owner renews it.

        Raises:
            BusyError: Another owner has frozen the shard.
            StaleMapError: It is retired, or another owner has put a map without it.
        """
        new = Freeze.new(owner, seconds)
        before = self._state.read().frozen
        if before is not None and before.owner != owner and self._age(before) >= before.seconds:
            self._lapse(before)  # else the thaw of the new owner would let its change go on

        def frozen(state: ShardState) -> ShardState:
            refuse_retired(state)
            old = state.frozen
            if old is not None and old.owner != owner:
                raise BusyError(f"shard {self._place.shard} is frozen by {old.owner}")
            return replace(state, frozen=new)

        seq = self._writes.change_state(frozen).seq
        self._age(new)
        return seq

    def thaw(self, owner: str) -> bool:
        """Accept writes again; whether that owner had frozen the shard."""
        before: list[Freeze | None] = []

        def thawed(state: ShardState) -> ShardState:
            before[:] = [state.frozen]
            if state.frozen is None or state.frozen.owner != owner:
                return state
            return replace(state, frozen=None)

        self._writes.change_state(thawed)
        with self._thawed:
            self._thawed.notify_all()
        return bool(before[0] is not None and before[0].owner == owner)

    def wait(self) -> None:
        """Wait a moment for the end of a freeze, and end one whose time is over."""
        end = time.monotonic() + _PATIENCE
        while True:
            frozen = self._state.read().frozen
            if frozen is None:
                return
            if self._age(frozen) >= frozen.seconds:
                self._lapse(frozen)
            elif time.monotonic() >= end:
                return
            else:
                with self._thawed:
                    self._thawed.wait(_POLL)

    def _age(self, frozen: Freeze) -> float:
        """For how many seconds this process has known a freeze."""
        stamp, since = self._first_seen
        if stamp != frozen.stamp:
            since = elapsed.now()
            self._first_seen = (frozen.stamp, since)
        return elapsed.now() - since

    def _lapse(self, frozen: Freeze) -> None:
        """Accept writes again after the time is over, when the change can have no effect."""
        self._lease.look()  # StaleMapError: the change was complete
        self._lease.change(lambda old: self._called_off(old, frozen.owner))

        def thawed(state: ShardState) -> ShardState:
            same = state.frozen is not None and state.frozen.stamp == frozen.stamp
            return replace(state, frozen=None) if same else state

        self._writes.change_state(thawed)

    def _called_off(self, old: ClusterMap, owner: str) -> ClusterMap:
        try:
            collection = old.collection(self._place.collection)
            collection.shard(self._place.shard)
        except NotFoundError:  # the change has become complete since the look
            raise StaleMapError(
                f"shard {self._place.shard} is not in the map of the cluster"
            ) from None
        change = collection.change
        if change is None or change.token != owner:
            return old
        if change.kind in _COPYING:
            if change.stage != "copy":
                return old
            return old.with_changed(replace(collection, change=replace(change, stage="undo")))
        if change.stage == "swap":
            # Some shards have changed over, and nothing may be written that others would refuse.
            raise StaleMapError(
                f"collection {collection.name!r} is changing over; finish_change() completes it"
            )
        spec = {**change.spec, "lapsed": int(change.spec.get("lapsed", 0)) + 1}
        return old.with_changed(replace(collection, change=replace(change, spec=spec)))
