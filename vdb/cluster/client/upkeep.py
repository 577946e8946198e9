"""How a cluster is looked after: the parts of `Cluster` that ask every shard about itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vdb.cluster.client.reports import ClusterStatus, ShardBackup, ShardProblem, ShardStatus
from vdb.cluster.client.session import Session
from vdb.cluster.metadata.cluster_map import CollectionMap
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.cluster.metadata.object_names import backup_prefix
from vdb.cluster.shards.prefixed_store import PrefixedStore
from vdb.errors import ArgumentTypeError, VdbError
from vdb.maintenance.repository import layout
from vdb.maintenance.repository.redaction import redacted
from vdb.model import arguments
from vdb.model.unpicklable import Handle

__all__ = ["ClusterUpkeep", "each"]

_AT_ONCE = 16  # shards that are started or asked at a time


class ClusterUpkeep(Handle):
    """An open cluster, as far as it is looked after."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _place(self) -> Path:
        return Path(self.url)

    def _not_sent(self) -> ArgumentTypeError:
        return ArgumentTypeError(
            "a Cluster belongs to the process that opened it, and cannot be pickled or copied; "
            f"open it in the worker: vdb.cluster.open({self.url!r})",
            expected="what can be pickled",
            received="Cluster",
        )

    @property
    def url(self) -> str:
        """Where its objects are, without credentials."""
        return redacted(self._session.url)

    def status(self, *, timeout: float = 5.0) -> ClusterStatus:
        """The map, and a line for each shard; one that does not answer says why.

        Args:
            timeout: Seconds that a shard has for its answer.

        Example:
            assert db.status().complete
        """
        session = self._session
        session.check_open()
        seconds = arguments.number("timeout", timeout)
        cluster = session.maps.reload()
        pairs = [(one, shard) for one in cluster.collections for shard in one.shards]

        def status(pair: tuple[CollectionMap, ShardEntry]) -> ShardStatus:
            return _shard_status(session, *pair, seconds)

        shards = each(pairs, status)  # which starts those that did not run
        nodes = {running.shard: running.node for running in session.engine.list()}
        return ClusterStatus(
            url=self.url,
            cluster=cluster.cluster,
            version=cluster.version,
            durability=cluster.durability,
            lease=cluster.lease,
            disks={disk.label: disk.path for disk in cluster.disks},
            changes={
                one.name: f"{one.change.kind}: {one.change.stage}"
                for one in cluster.collections
                if one.change is not None
            },
            shards=tuple(replace(one, node=nodes.get(one.shard)) for one in shards),
        )

    def backup(
        self, *, verify: bool = False, keep: int | None = None, timeout: float = 3600.0
    ) -> list[ShardBackup]:
        """Backs every shard up into the store of the cluster, while others read and write.

        Backups of a shard share what is equal in them. Each shard is as of its own moment. Entries
        of its log that a backup has are removed. A shard is made anew from its newest backup and
        what its log adds.

        Args:
            verify: Verify each shard, and read the backup back.
            keep: Keep the newest `keep` backups of each shard, at least 1; None: all.
            timeout: Seconds that a shard has.

        Raises:
            ShardUnavailableError: A shard does not answer.
            RemoteError, DiskFullError: The store cannot be written.
            CorruptedError: With `verify`, a shard is damaged.

        Example:
            print(db.backup(keep=2)[0].seq)
        """
        session = self._session
        session.check_open()
        check = arguments.truth("verify", verify)
        most = None if keep is None else arguments.whole("keep", keep, 1, 2**31 - 1)
        seconds = arguments.number("timeout", timeout)
        cluster = session.maps.reload()
        pairs = [(one, shard) for one in cluster.collections for shard in one.shards]

        def back_up(pair: tuple[CollectionMap, ShardEntry]) -> ShardBackup:
            reply = session.call(*pair, "backup", timeout=seconds, verify=check, keep=most)
            facts = reply.result(seconds)
            return ShardBackup(
                pair[1].id, facts["name"], facts["seq"], facts["bytes"], facts["sent"]
            )

        return each(pairs, back_up)

    def check(self, *, timeout: float = 3600.0) -> list[ShardProblem]:
        """Verifies all shards, as `Database.check` does; every problem, none when they are sound.

        Args:
            timeout: Seconds that a shard has; about one for each gigabyte is needed.

        Raises:
            ShardUnavailableError: A shard does not answer.

        Example:
            assert not db.check()
        """
        session = self._session
        session.check_open()
        seconds = arguments.number("timeout", timeout)
        cluster = session.maps.reload()
        pairs = [(one, shard) for one in cluster.collections for shard in one.shards]

        def check(pair: tuple[CollectionMap, ShardEntry]) -> list[ShardProblem]:
            texts = session.call(*pair, "check", timeout=seconds).result(seconds)
            return [ShardProblem(pair[1].id, text) for text in texts]

        return [problem for part in each(pairs, check) for problem in part]


def _shard_status(
    session: Session, collection: CollectionMap, shard: ShardEntry, seconds: float
) -> ShardStatus:
    """The status, but for the node."""
    known = ShardStatus(
        collection.name,
        shard.id,
        shard.disk,
        None,
        shard.slot_count,
        _newest_backup(session, shard.id),
    )
    try:
        facts = session.call(collection, shard, "status", timeout=seconds).result(seconds)
    except VdbError as error:
        return replace(known, error=str(error))
    return replace(
        known,
        records=facts["records"],
        generation=facts["generation"],
        metric=facts["metric"],
        seq=facts["seq"],
        frozen=facts["frozen"] is not None,
    )


def _newest_backup(session: Session, shard: str) -> datetime | None:
    names = layout.names(PrefixedStore(session.store, backup_prefix(shard)))
    if not names:
        return None
    return datetime.strptime(names[-1].partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def each(items: Sequence[Any], function: Callable[[Any], Any]) -> list[Any]:
    """The results of a function of each item, some at a time; the first error is raised."""
    with ThreadPoolExecutor(min(_AT_ONCE, max(1, len(items)))) as pool:
        return list(pool.map(function, items))
