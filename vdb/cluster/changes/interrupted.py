"""Completing or undoing a change whose caller is gone."""

from __future__ import annotations

from vdb.cluster.changes.change_record import DISCARD
from vdb.cluster.changes.rebuild import complete_swap, discard
from vdb.cluster.changes.resharding import finish_exchange
from vdb.cluster.changes.shard_calls import ClusterAccess

__all__ = ["finish_change"]


def finish_change(access: ClusterAccess, name: str) -> str | None:
    """Complete a change of a collection, or undo it; the kind of change, None where there is none.

    A rebuild that builds stays as it is: its next call goes on with it. One that changes over is
    completed, and so is one that is being dropped. New shards that the map does not name yet are
    removed again; old ones that it does not name any more are removed.

    Raises:
        VdbError: A shard does not answer or the store does not; the change can be finished later.
    """
    change = access.maps.reload().collection(name).change
    if change is None or (change.kind == "rebuild" and change.stage in ("prepare", "held")):
        return None
    if change.stage == DISCARD:
        discard(access, name)
    elif complete_swap(access, name) is None:
        finish_exchange(access, name)
    return change.kind
