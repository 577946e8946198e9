"""A shard whose node or disk is gone, made anew on another disk.

The new shard is made of the newest backup of the old one and, with durability "stored", of its log,
so that nothing that was acknowledged is missing. A node that was only cut off and comes back cannot
do harm: with "stored" an entry in its log is not its own, and without, it has not seen the map for
longer than its lease before the new shard answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from vdb.cluster.changes import change_record
from vdb.cluster.changes.assignment import new_entries
from vdb.cluster.changes.interrupted import finish_change
from vdb.cluster.changes.resharding import ReshardReport
from vdb.cluster.changes.shard_calls import ClusterAccess
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_parts import Change, ShardEntry
from vdb.errors import EngineError, InvalidArgumentError, ShardUnavailableError, VdbError
from vdb.model.config import index_from_map

__all__ = ["recover"]

_LONGER_THAN_A_LEASE: Final = 1.25
_PATIENCE: Final = 5.0
"""Seconds for which a shard that is said to be gone is asked whether it is."""

_OF_A_GENERATION: Final = ("metric", "index", "dtype", "dim", "model")


def recover(
    access: ClusterAccess,
    name: str,
    shard: str,
    disk: str,
    *,
    accept_loss: bool = False,
    progress: Callable[[str], object] | None = None,
) -> ReshardReport:
    """Make a shard that does not answer anew on another disk.

    Args:
        access: The open cluster.
        name: The collection.
        shard: The shard whose node or disk is gone.
        disk: The label of the disk for the new one.
        accept_loss: With durability "node", where the shard is made of its backup alone: what was
            written after that is lost. Must be True then.
        progress: Called with a word for each step: "waiting", "restoring", "rebuilding",
            "backing up".

    Raises:
        InvalidArgumentError: The shard answers, so it can be moved; or something would be lost.
        NotFoundError: There is no such shard, or no such disk.
        ShardUnavailableError: There is neither a backup of it nor a log.
        BusyError: The collection is being changed.
    """
    began = time.monotonic()
    finish_change(access, name)
    newest = access.maps.reload()
    collection = newest.collection(name)
    change_record.refuse_change(collection)
    entry = collection.shard(shard)
    newest.disk(disk)
    _require_gone(access, collection, entry)
    if newest.durability == "node" and not accept_loss:
        raise InvalidArgumentError(
            f"what was written to shard {shard} after its last backup is lost with it, as the "
            'cluster keeps no log (durability="node"); say accept_loss=True to go on',
            expected="accept_loss=True",
            received=False,
        )
    token = change_record.new_change_token()
    collection = _begin(access, name, shard, disk, token)
    change = change_record.present(collection)
    (new,) = change_record.entries_of(change, "new")
    try:
        if newest.durability == "node":
            _say(progress, "waiting")
            time.sleep(newest.lease * _LONGER_THAN_A_LEASE)
        _say(progress, "restoring")
        records = access.call(collection, new, "record_count").result()
        generation = _brought_up(access, collection, new, token, progress)
        if newest.durability == "stored":
            # The log of the new shard begins where that of the old one ends: what is before that
            # must be in the store under the new name as well.
            _say(progress, "backing up")
            access.call(collection, new, "backup").result()
        ready = replace(new, generation=generation, new=False)
        _name_new(access, name, token, shard, ready)
    except BaseException:
        with suppress(VdbError):  # else whoever comes next does it
            finish_change(access, name)
        raise
    access.forget(shard)
    seconds = time.monotonic() - began
    return ReshardReport(name, (shard,), (new.id,), records, 0.0, (shard,), seconds)


def _require_gone(access: ClusterAccess, collection: CollectionMap, entry: ShardEntry) -> None:
    try:
        access.forget(entry.id)
        access.call(collection, entry, "status", timeout=_PATIENCE).result(_PATIENCE)
    except (ShardUnavailableError, EngineError):
        return
    raise InvalidArgumentError(
        f"shard {entry.id} answers: move it to another disk instead",
        expected="a shard that does not answer",
        received=entry.id,
    )


def _begin(access: ClusterAccess, name: str, shard: str, disk: str, token: str) -> CollectionMap:
    def begun(old: ClusterMap) -> ClusterMap:
        collection = old.collection(name)
        if collection.change is not None and collection.change.token == token:
            return old
        change_record.refuse_change(collection)
        entry = collection.shard(shard)
        new = new_entries(collection, [entry.slots], [disk])
        spec = {"old": [entry.to_json()], "new": [one.to_json() for one in new]}
        change = Change("recover", "copy", token, spec)
        following = collection.next_shard + 1
        return old.with_changed(replace(collection, next_shard=following, change=change))

    return access.maps.change(begun, timeout=access.timeout).collection(name)


def _name_new(access: ClusterAccess, name: str, token: str, shard: str, ready: ShardEntry) -> None:
    """Put the map that has the new shard; StaleMapError where somebody undoes the change."""

    def named(old: ClusterMap) -> ClusterMap:
        collection = old.collection(name)
        if ready in collection.shards:
            return old
        change_record.own(collection, token, "copy")
        exchanged = collection.with_shards([shard], [ready])
        return old.with_changed(replace(exchanged, change=None))

    access.maps.change(named, timeout=access.timeout)


def _brought_up(
    access: ClusterAccess,
    collection: CollectionMap,
    new: ShardEntry,
    token: str,
    progress: Callable[[str], object] | None,
) -> int:
    """Give a restored shard the schema of the map, which is newer than its backup perhaps."""

    def ask(method: str, *args: Any, **named: Any) -> Any:
        return access.call(collection, new, method, *args, **named).result()

    wanted, there = collection.schema, ask("schema")
    _bring_up_fields(ask, wanted, there, token)
    if any(there[name] != wanted[name] for name in (*_OF_A_GENERATION, "scores")):
        _say(progress, "rebuilding")
        if there["dim"] != wanted["dim"] or there["model"] != wanted["model"]:
            raise InvalidArgumentError(
                f"the backup of shard {new.id} has vectors of another model or dimension, which "
                "do not follow from each other; restore an older map or load the records anew",
                expected={name: wanted[name] for name in ("dim", "model")},
                received={name: there[name] for name in ("dim", "model")},
            )
        arguments = {
            "metric": wanted["metric"],
            "index": index_from_map(dict(wanted["index"])),
            "dtype": wanted["dtype"],
            "scores": wanted["scores"],
        }
        report = ask("prepare_rebuild", token, arguments, validate=False, reason="recovered")
        ask("freeze", token, 60.0)
        ask("commit_rebuild", token, generation=report.generation, reason="recovered")
        ask("thaw", token)
    return int(ask("status")["generation"])


def _bring_up_fields(
    ask: Callable[..., Any], wanted: Mapping[str, Any], there: Mapping[str, Any], token: str
) -> None:
    """Index the payload fields that the map says, and no others."""
    for kind in ("fields", "text_fields"):
        own, right = dict(there[kind]), dict(wanted[kind])
        for path, there_is in own.items():
            if there_is != right.get(path):
                ask("put_field", f"{token}-drop-{path}", path, None)
        for path, there_must_be in right.items():
            if there_must_be != own.get(path):
                ask("put_field", f"{token}-put-{path}", path, there_must_be)


def _say(progress: Callable[[str], object] | None, step: str) -> None:
    if progress is not None:
        progress(step)
