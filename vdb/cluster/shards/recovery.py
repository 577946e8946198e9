"""A shard in the cluster's store: its backups, and a directory made anew from them and the log."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import uuid4

from vdb.api.database import Database
from vdb.api.database import open as open_database
from vdb.cluster.metadata.object_names import backup_prefix
from vdb.cluster.metadata.opening import cluster_store
from vdb.cluster.metadata.retrying_store import RetryingStore
from vdb.cluster.shards.journal import Journal
from vdb.cluster.shards.prefixed_store import PrefixedStore
from vdb.cluster.shards.shard_log import LogAheadError, ShardLog
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.cluster.shards.state import COLLECTION, Identity, StateRecords
from vdb.cluster.shards.writes import Writes
from vdb.errors import NotFoundError
from vdb.maintenance.repository import layout
from vdb.maintenance.repository.backup import back_up_to_store
from vdb.maintenance.repository.object_store import ObjectStore
from vdb.maintenance.repository.redaction import redacted
from vdb.maintenance.repository.report import BackupReport
from vdb.maintenance.restore import Options, restore_from_store

__all__ = ["back_up", "has_backup", "make_anew"]

Progress = Callable[[str, int, int], object]

_LOCK_TIMEOUT: Final = 30.0


def backup_store(place: ShardPlace, shard: str) -> ObjectStore:
    """The repository of a shard's backups."""
    store = RetryingStore(cluster_store(place.url, place.storage_options))
    return PrefixedStore(store, backup_prefix(shard))


def has_backup(place: ShardPlace, shard: str) -> bool:
    """Whether there is a backup of a shard."""
    return bool(layout.names(backup_store(place, shard)))


def back_up(
    db: Database, place: ShardPlace, *, verify: bool = False, keep: int | None = None
) -> BackupReport:
    """Back a shard up into the cluster's store, while others read and write.

    Args:
        db: The open shard.
        place: Where it is.
        verify: Verify the shard, and read everything back.
        keep: Keep the newest `keep` backups only; None: all.
    """
    store = backup_store(place, place.shard)
    environment = db._environment  # noqa: SLF001 - as `Database.backup` has it
    return back_up_to_store(environment, store, verify=verify, keep=keep, progress=None)


def make_anew(place: ShardPlace, source: str) -> int:
    """Make the directory of a shard from the newest backup of `source`, and what its log adds.

    With durability "stored" nothing that was acknowledged is missing, and an entry in the log of
    `source` ends whoever still writes to it. With "node" the shard is as the backup shows it.

    The directory appears when it is complete, in one step.

    Args:
        place: Where the shard is to be; nothing is there yet.
        source: The same shard, or the one whose slots this one takes over.

    Returns:
        The number of the last commit in it.

    Raises:
        NotFoundError: There is no backup of it, and with "node" no log.
        CorruptedError: The backup or an entry is damaged, or the log begins behind the backup.
        RebuildError: The log has a rebuild to vectors of another model, and no backup is newer.
        VdbError: The store cannot be read, or the disk is full.
    """
    target = Path(place.directory)
    unfinished = target.with_name(f"{target.name}.unfinished-{os.getpid()}-{uuid4().hex[:8]}")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _restore(place, source, unfinished)
        db = open_database(unfinished, lock_timeout=_LOCK_TIMEOUT)
        try:
            seq = _take_over(db, place, source)
        finally:
            db.close()
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return seq


def _restore(place: ShardPlace, source: str, directory: Path) -> None:
    """The newest backup; an empty shard where there is none, and everything is in the log."""
    if has_backup(place, source):
        options = Options(
            keep_old=False, lock_timeout=_LOCK_TIMEOUT, allow_network_fs=False, progress=None
        )
        restore_from_store(backup_store(place, source), None, directory, options)
        return
    if place.durability != "stored":
        raise NotFoundError(
            f"there is neither a backup of shard {source} nor a log at {redacted(place.url)}",
            received=source,
        )
    with open_database(directory, lock_timeout=_LOCK_TIMEOUT) as db, db.batch():
        place.schema.make(db)
        StateRecords.create(db, place.cluster, place.collection, source)


def _take_over(db: Database, place: ShardPlace, source: str) -> int:
    """Make the directory that of the shard, with everything in the log of `source`."""
    directory = uuid4().hex
    state = StateRecords(db)
    journal = Journal(db.collection(COLLECTION))
    collection = db.collection(place.collection)
    writes = Writes(db, collection, state, journal, log=None, threads=place.threads)
    with db.batch():
        state.put_identity(Identity(place.cluster, place.collection, place.shard, directory))
        state.write(replace(state.read(), frozen=None, retired="", journal=""))
    journal.clear()
    if place.durability != "stored":
        return state.read().seq
    log = ShardLog(cluster_store(place.url, place.storage_options), source, directory)
    while True:
        for number, commit in log.all_after(state.read().seq):
            writes.rebuild_again(commit)
            writes.apply(number, commit)
        try:
            log.put(state.read().seq + 1, [])  # the fence
        except LogAheadError:
            continue
        if source == place.shard:
            writes.change_state(lambda old: replace(old, seq=old.seq + 1))
        return state.read().seq
