"""Other shards for the same records: split, merged, spread anew, moved to another disk.

A shard's slots never change, so all of these are one thing: new shards that take the slots of old
ones. They are filled beside them while everybody reads and writes the old ones; writers are stopped
for what was changed last; one map names the new ones; the old ones are removed.

===========  =====================================================================
stage        what there is; how it ends when its caller is gone
===========  =====================================================================
"copy"       new shards that nobody asks: they are removed, and all is as before
"undo"       the same, on its way back
"remove"     the map names the new shards: the old ones are removed
===========  =====================================================================
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from vdb.cluster.changes import change_record
from vdb.cluster.changes.assignment import (
    Exchange,
    exchanges,
    least_used_disks,
    new_entries,
    parts_of,
    spread_slots,
)
from vdb.cluster.changes.copying import Copy
from vdb.cluster.changes.freezing import frozen
from vdb.cluster.changes.rebuild import complete_swap
from vdb.cluster.changes.shard_calls import ClusterAccess, on_all
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_parts import Change, ShardEntry
from vdb.errors import CorruptedError, InvalidArgumentError, VdbError

__all__ = ["ReshardReport", "finish_exchange", "merge", "move", "reshard", "split"]

Progress = Callable[[int, int], object] | None

_FEW: Final = 500
"""Changed ids that are left for the time in which writers are stopped, at most if that goes."""

_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class ReshardReport:
    """What was done to the shards of a collection.

    Attributes:
        collection: Its name.
        removed: The shards that are no more.
        added: Those that have their slots now.
        records: Records that were copied, those changed meanwhile more than once.
        frozen_seconds: For how long writers were stopped, at most at once.
        left: Old shards whose directories could not be removed: their node does not answer.
        seconds: How long it took.
    """

    collection: str
    removed: tuple[str, ...]
    added: tuple[str, ...]
    records: int
    frozen_seconds: float
    left: tuple[str, ...]
    seconds: float


def reshard(
    access: ClusterAccess, name: str, shards: int, *, progress: Progress = None
) -> ReshardReport:
    """Spread the records over so many shards, on the disks with the fewest slots.

    Shards that have the right slots stay as they are. Where a part of the others fails, what was
    done stays, and the same call goes on.

    Raises:
        InvalidArgumentError: shards is not 1..4,096.
        BusyError: The collection is being changed.
    """
    collection = _ready(access, name)
    wanted = spread_slots(collection.shards, shards)
    plans = [_Plan(one) for one in exchanges(collection.shards, wanted)]
    return _exchange_all(access, name, plans, progress)


def split(
    access: ClusterAccess,
    name: str,
    shard: str,
    into: int = 2,
    *,
    disks: Sequence[str] | None = None,
    progress: Progress = None,
) -> ReshardReport:
    """Replace a shard by several that have its slots in equal parts; raises as `reshard`.

    Raises:
        NotFoundError: There is no such shard, or no such disk.
    """
    collection = _ready(access, name)
    parts = parts_of(collection.shard(shard), into)
    plan = _Plan(Exchange((shard,), tuple(parts)), disks)
    return _exchange_all(access, name, [plan], progress)


def merge(
    access: ClusterAccess,
    name: str,
    shards: Sequence[str],
    *,
    disk: str | None = None,
    progress: Progress = None,
) -> ReshardReport:
    """Replace several shards by one that has all their slots; raises as `split`."""
    collection = _ready(access, name)
    old = tuple(dict.fromkeys(shards))
    if len(old) < 2:
        raise InvalidArgumentError(
            "two shards at least can be merged", expected="2 or more", received=len(old)
        )
    entries = [collection.shard(one) for one in old]
    wanted = Exchange(old, (spread_slots(entries, 1)[0],))
    plan = _Plan(wanted, None if disk is None else [disk])
    return _exchange_all(access, name, [plan], progress)


def move(
    access: ClusterAccess, name: str, shard: str, disk: str, *, progress: Progress = None
) -> ReshardReport:
    """Replace a shard by one with the same slots on another disk; raises as `split`."""
    collection = _ready(access, name)
    wanted = Exchange((shard,), (collection.shard(shard).slots,))
    return _exchange_all(access, name, [_Plan(wanted, [disk], "move")], progress)


def finish_exchange(access: ClusterAccess, name: str) -> bool:
    """Complete or undo an exchange whose caller is gone; whether there was one.

    A caller that is not gone learns of it at its next step, and stops.
    """
    collection = access.maps.reload().collection(name)
    change = collection.change
    if change is None or change.kind not in ("reshard", "move", "recover"):
        return False
    old, new = change_record.entries_of(change, "old"), change_record.entries_of(change, "new")
    if change.stage == "remove":
        _remove(access, collection, old, change.token)
    else:
        # Only what is as it was read: its caller may put the new shards into the map just now.
        collection = change_record.advance(
            access, name, change.token, "undo", change.spec, before=change
        )
        # The old shard of a recovery does not answer, and was not asked for anything.
        _undo(access, collection, () if change.kind == "recover" else old, new, change.token)
    return True


def _take_back(access: ClusterAccess, name: str, token: str, old: Sequence[ShardEntry]) -> None:
    """Complete or undo an own exchange that failed.

    Where somebody else has undone it, old shards may have been asked for something since then.
    """
    collection = access.maps.reload().collection(name)
    if collection.change is not None and collection.change.token == token:
        finish_exchange(access, name)
        return
    present = {shard.id for shard in collection.shards}
    left = [shard for shard in old if shard.id in present]
    on_all(access, collection, left, "end_journal", token)
    on_all(access, collection, left, "thaw", token)


def _ready(access: ClusterAccess, name: str) -> CollectionMap:
    """The collection, with no change under way."""
    complete_swap(access, name)
    collection = access.maps.reload().collection(name)
    if collection.change is not None and collection.change.stage in ("remove", "undo"):
        finish_exchange(access, name)
        collection = access.maps.reload().collection(name)
    change_record.refuse_change(collection)
    return collection


class _Plan(NamedTuple):
    """One exchange, and where its new shards go; None: on the disks with the fewest slots."""

    wanted: Exchange
    disks: Sequence[str] | None = None
    kind: Literal["reshard", "move"] = "reshard"


def _exchange_all(
    access: ClusterAccess, name: str, plans: Sequence[_Plan], progress: Progress
) -> ReshardReport:
    began = time.monotonic()
    reports = [_exchange(access, name, plan, progress) for plan in plans]
    return ReshardReport(
        name,
        tuple(shard for one in reports for shard in one.removed),
        tuple(shard for one in reports for shard in one.added),
        sum(one.records for one in reports),
        max((one.frozen_seconds for one in reports), default=0.0),
        tuple(shard for one in reports for shard in one.left),
        time.monotonic() - began,
    )


def _exchange(access: ClusterAccess, name: str, plan: _Plan, progress: Progress) -> ReshardReport:
    began = time.monotonic()
    token = change_record.new_change_token()
    newest, collection = _begin(access, name, plan, token)
    change = change_record.present(collection)
    old, new = change_record.entries_of(change, "old"), change_record.entries_of(change, "new")
    copy = Copy(access, collection, old, new, token=token, progress=progress)
    try:
        copy.begin()
        copy.everything()
        for _ in range(_ROUNDS):
            if copy.changes() <= _FEW:
                break
        copy.writes()
        copy.changes()
        frozen_at = time.monotonic()
        with frozen(access, collection, old, token, seconds=newest.lease, thaw=False):
            copy.changes()
            copy.writes()
            _require_equal(copy, old, new)
            collection = _name_new(access, name, token, old, new)
        frozen_seconds = time.monotonic() - frozen_at
    except BaseException:
        with suppress(VdbError):  # else whoever comes next does it
            _take_back(access, name, token, old)
        raise
    left = _remove(access, collection, old, token)
    return ReshardReport(
        name,
        tuple(one.id for one in old),
        tuple(one.id for one in new),
        copy.copied,
        frozen_seconds,
        left,
        time.monotonic() - began,
    )


def _begin(
    access: ClusterAccess, name: str, plan: _Plan, token: str
) -> tuple[ClusterMap, CollectionMap]:
    """Put the exchange into the map, with the names of the new shards."""
    wanted, disks, kind = plan

    def begun(old: ClusterMap) -> ClusterMap:
        collection = old.collection(name)
        if collection.change is not None:
            if collection.change.token == token:
                return old
            change_record.refuse_change(collection)
        leaving = [collection.shard(shard) for shard in wanted.old]
        labels = disks if disks is not None else least_used_disks(old, wanted.new, wanted.old)
        for label in labels:
            old.disk(label)
        if len(labels) != len(wanted.new):
            raise InvalidArgumentError(
                f"{len(wanted.new)} new shards need as many disks, got {len(labels)}",
                expected=len(wanted.new),
                received=len(labels),
            )
        new = new_entries(collection, wanted.new, labels)
        spec = {
            "old": [shard.to_json() for shard in leaving],
            "new": [shard.to_json() for shard in new],
        }
        change = Change(kind, "copy", token, spec)
        following = collection.next_shard + len(new)
        return old.with_changed(replace(collection, next_shard=following, change=change))

    newest = access.maps.change(begun, timeout=access.timeout)
    return newest, newest.collection(name)


def _name_new(
    access: ClusterAccess,
    name: str,
    token: str,
    old: Sequence[ShardEntry],
    new: Sequence[ShardEntry],
) -> CollectionMap:
    """Put the map that names the new shards: the moment of the exchange."""
    entries = [replace(one, new=False) for one in new]

    def named(whole: ClusterMap) -> ClusterMap:
        collection = whole.collection(name)
        change = collection.change
        if change is not None and change.token == token and change.stage == "remove":
            return whole
        change = change_record.own(collection, token, "copy")
        exchanged = collection.with_shards((one.id for one in old), entries)
        return whole.with_changed(replace(exchanged, change=replace(change, stage="remove")))

    return access.maps.change(named, timeout=access.timeout).collection(name)


def _require_equal(copy: Copy, old: Sequence[ShardEntry], new: Sequence[ShardEntry]) -> None:
    """Raise where the new shards have not as many records as the old ones."""
    before, after = copy.counts()
    if before != after:
        raise CorruptedError(
            f"the new shards {', '.join(one.id for one in new)} have {after:,} records, and the "
            f"old ones {before:,}; nothing was changed",
            where=f"shards {', '.join(one.id for one in old)}",
            expected=before,
            received=after,
        )


def _remove(
    access: ClusterAccess, collection: CollectionMap, old: Sequence[ShardEntry], token: str
) -> tuple[str, ...]:
    """Retire and remove shards that the map does not name any more; those that did not answer."""
    left = _removed(access, collection, old)
    change_record.end(access, collection.name, token)
    return left


def _undo(
    access: ClusterAccess,
    collection: CollectionMap,
    old: Sequence[ShardEntry],
    new: Sequence[ShardEntry],
    token: str,
) -> None:
    on_all(access, collection, old, "end_journal", token)
    on_all(access, collection, old, "thaw", token)
    _removed(access, collection, new)
    change_record.end(access, collection.name, token)


def _removed(
    access: ClusterAccess, collection: CollectionMap, shards: Sequence[ShardEntry]
) -> tuple[str, ...]:
    left: list[str] = []
    for shard in shards:
        try:
            access.call(collection, shard, "remove").result(access.timeout)
        except VdbError:
            left.append(shard.id)
        with suppress(VdbError):
            access.stop(shard.id)
    return tuple(left)
