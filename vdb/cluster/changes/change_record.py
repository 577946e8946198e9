"""The record of a change in the map: begun, gone on with, ended by one map each.

Whoever changes the record names the change by its token. Where the map has another one, somebody
else completed or undid it meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

from vdb.cluster.changes.shard_calls import ClusterAccess
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_parts import Change, ShardEntry
from vdb.cluster.metadata.slots import SLOTS
from vdb.errors import BusyError, StaleMapError
from vdb.store.format.decoder import Fields

__all__ = [
    "DISCARD",
    "advance",
    "begin",
    "end",
    "entries_of",
    "new_change_token",
    "own",
    "present",
    "refuse_change",
]


DISCARD: Final = "discard"
"""The stage of a rebuild that is being dropped, from which there is no way to another."""


def new_change_token() -> str:
    """A token that no other change has."""
    return uuid4().hex


def begin(access: ClusterAccess, name: str, change: Change) -> CollectionMap:
    """Put a change into the map.

    Raises:
        BusyError: The collection has another change.
        NotFoundError: There is no such collection.
    """

    def begun(old: ClusterMap) -> ClusterMap:
        collection = old.collection(name)
        if collection.change == change:
            return old
        if collection.change is not None:
            refuse_change(collection)
        return old.with_changed(replace(collection, change=change))

    return access.maps.change(begun, timeout=access.timeout).collection(name)


def advance(
    access: ClusterAccess,
    name: str,
    token: str,
    stage: str,
    spec: Mapping[str, Any],
    *,
    before: Change | None = None,
) -> CollectionMap:
    """Put the next stage of a change into the map; nothing where it is there.

    Raises:
        StaleMapError: The change is not in the map any more, or not as it was `before`.
    """

    def advanced(old: ClusterMap) -> ClusterMap:
        collection = old.collection(name)
        change = replace(own(collection, token), stage=stage, spec=dict(spec))
        if change == collection.change:
            return old
        dropped = own(collection, token).stage == DISCARD
        if dropped or (before is not None and collection.change != before):
            raise StaleMapError(f"the change {token} of collection {name!r} was called off")
        return old.with_changed(replace(collection, change=change))

    return access.maps.change(advanced, timeout=access.timeout).collection(name)


def end(
    access: ClusterAccess,
    name: str,
    token: str,
    function: Callable[[CollectionMap], CollectionMap] = lambda collection: collection,
) -> CollectionMap:
    """Take a change out of the map; `function` makes what the change has done.

    Nothing is done where the change is not in the map any more: somebody else has ended it.
    """

    def ended(old: ClusterMap) -> ClusterMap:
        collection = old.collection(name)
        if collection.change is None or collection.change.token != token:
            return old
        return old.with_changed(replace(function(collection), change=None))

    return access.maps.change(ended, timeout=access.timeout).collection(name)


def refuse_change(collection: CollectionMap) -> None:
    """Raise BusyError where a collection is being changed."""
    change = collection.change
    if change is None:
        return
    if change.kind == "rebuild" and change.stage in ("prepare", "held"):
        way_out = "complete it with rebuild(resume=True), or drop it with discard_rebuild()"
    else:
        way_out = "finish_change() completes or undoes one whose caller is gone"
    raise BusyError(
        f"collection {collection.name!r} has an unfinished {change.kind}: {way_out}",
        received=change.kind,
    )


def own(collection: CollectionMap, token: str, stage: str | None = None) -> Change:
    """The change of that token, in that stage if one is named.

    Raises:
        StaleMapError: Somebody else has ended it, or brought it further.
    """
    change = collection.change
    if change is None or change.token != token or stage not in (None, change.stage):
        raise StaleMapError(
            f"the change {token} of collection {collection.name!r} was ended by somebody else"
        )
    return change


def present(collection: CollectionMap) -> Change:
    """The change that a collection has in this map.

    Raises:
        StaleMapError: It has none: somebody else has ended it.
    """
    if collection.change is None:
        raise StaleMapError(f"the change of collection {collection.name!r} was ended already")
    return collection.change


def entries_of(change: Change, which: str) -> tuple[ShardEntry, ...]:
    """The shards that a change names as "old" or "new".

    Raises:
        CorruptedError: They are none.
    """
    fields = Fields(dict(change.spec), f"the {change.kind} in the map")
    shards = fields.items(which, SLOTS)
    return tuple(ShardEntry.from_json(Fields(one, f"{which} of {change.kind}")) for one in shards)
