"""Opening the directory of a shard: the right one, or none."""

from __future__ import annotations

import platform
import time
from pathlib import Path

from vdb.api.database import Database
from vdb.api.database import open as open_database
from vdb.cluster.shards.map_lease import MapLease
from vdb.cluster.shards.recovery import make_anew
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.cluster.shards.state import COLLECTION, StateRecords
from vdb.errors import (
    CorruptedError,
    InvalidArgumentError,
    NotFoundError,
    RebuildError,
    ShardUnavailableError,
)

__all__ = ["LOCK_TIMEOUT", "open_shard", "unavailable"]

LOCK_TIMEOUT = 30.0
"""Seconds that a write waits for others: a large one, or the last part of a rebuild."""


def open_shard(place: ShardPlace, lease: MapLease) -> Database:
    """The database of a shard; made where it may be empty, and is not there.

    Raises:
        ShardUnavailableError: The directory is missing or empty and had data, holds something else,
            or cannot be opened; says which.
        CorruptedError: It is damaged; names the shard.
        FormatVersionError: A later release made it.
    """
    try:
        db = open_database(place.directory, create=False, lock_timeout=LOCK_TIMEOUT)
    except NotFoundError as error:
        if not place.source and not _may_be_empty(place, lease):
            raise unavailable(
                place,
                f"{place.directory} is missing, and had records; its disk is not there, or lost",
            ) from error
        db = _made(place)
    except CorruptedError as error:
        raise with_shard(error, place) from None
    except (InvalidArgumentError, OSError) as error:
        raise unavailable(place, str(error)) from error
    try:
        if COLLECTION not in db:
            _make_collections(db, place, lease)
        _require_own(db, place)
    except CorruptedError as error:
        db.close()
        raise with_shard(error, place) from None
    except BaseException:
        db.close()
        raise
    return db


def unavailable(
    place: ShardPlace, reason: str, since: float | None = None
) -> ShardUnavailableError:
    """The error of a shard that cannot answer."""
    return ShardUnavailableError(
        f"shard {place.shard}: {reason}",
        shard=place.shard,
        node=platform.node(),
        since=time.time() if since is None else since,
    )


def with_shard(error: CorruptedError, place: ShardPlace) -> CorruptedError:
    """The same error, which names the shard."""
    if place.shard not in str(error.where):
        error.where = (
            f"shard {place.shard}: {error.where}" if error.where else f"shard {place.shard}"
        )
    return error


def _may_be_empty(place: ShardPlace, lease: MapLease) -> bool:
    """What the map says; the place alone, where a shard is not in the map yet."""
    if not place.may_be_empty:
        return False
    entry = lease.entry()
    return entry is None or entry.new


def _made(place: ShardPlace) -> Database:
    try:
        if place.source:
            make_anew(place, place.source)
        else:
            Path(place.directory).parent.mkdir(parents=True, exist_ok=True)
        return open_database(place.directory, lock_timeout=LOCK_TIMEOUT)
    except (NotFoundError, RebuildError, OSError) as error:
        raise unavailable(place, f"{place.directory} cannot be made: {error}") from error


def _make_collections(db: Database, place: ShardPlace, lease: MapLease) -> None:
    if db.collections() or place.source or not _may_be_empty(place, lease):
        raise unavailable(place, f"{place.directory} is no shard of a cluster")
    with db.batch():
        if COLLECTION in db:  # another process has made them meanwhile
            return
        place.schema.make(db)
        StateRecords.create(db, place.cluster, place.collection, place.shard)


def _require_own(db: Database, place: ShardPlace) -> None:
    """Refuse the directory of another shard, and one of another schema."""
    identity = StateRecords(db).identity()
    own = (place.cluster, place.collection, place.shard)
    there = (identity.cluster, identity.collection, identity.shard)
    if there != own:
        raise unavailable(
            place,
            f"{place.directory} is shard {identity.shard} of collection {identity.collection} in "
            f"cluster {identity.cluster}",
        )
    try:
        collection = db.collection(place.collection)
    except NotFoundError:
        raise CorruptedError("its collection is missing", where=str(db.path)) from None
    if collection.dim != place.schema.dim and collection.info().generation == 1:
        raise unavailable(
            place,
            f"{place.directory} has vectors of dimension {collection.dim}, and the map says "
            f"{place.schema.dim}",
        )
