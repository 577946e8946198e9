"""The changes of `ShardedCollection`: another metric, other shards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vdb.api.collection import Collection
from vdb.cluster.changes import interrupted, rebuild, recover, resharding
from vdb.cluster.changes.rebuild import RebuildArguments
from vdb.cluster.changes.resharding import ReshardReport
from vdb.cluster.client import gathered
from vdb.cluster.client.documented import as_embedded
from vdb.cluster.client.handle import ShardedHandle
from vdb.cluster.client.routing import Call
from vdb.maintenance import rebuild as rebuild_module
from vdb.maintenance.rebuild.vector_source import TableSource, source_of
from vdb.model import arguments, config
from vdb.model.dtypes import dtype_named
from vdb.model.records import Progress, Vectors

__all__ = ["ShardedChanges"]

_PLAN_SECONDS = 3600.0


class ShardedChanges(ShardedHandle):
    """Changes that take several steps, each of which another program can complete."""

    @as_embedded(Collection.rebuild)
    def rebuild(
        self,
        metric: str | None = None,
        index: config.IndexConfig | None = None,
        dtype: str | None = None,
        *,
        model: str | None = None,
        vectors: Vectors | None = None,
        dim: int | None = None,
        truncate: int | None = None,
        normalize: bool = False,
        scores: str | None = None,
        progress: Callable[[rebuild_module.RebuildProgress], object] | None = None,
        threads: int | None = None,
        validate: bool | float = True,
        keep_previous: bool = False,
        reason: str = "",
        resume: bool | None = None,
        hold: bool = False,
    ) -> rebuild_module.RebuildReport:
        """All shards build, then all switch at one moment: no search sees half of it.

        Writers wait from the first switch to the last. A function of ``vectors=`` is called in the
        shards, so it must be one that the engine can send there. Where the program that rebuilds
        ends meanwhile, the unfinished rebuild stays, and a switch that has begun is completed by
        whoever uses the collection next. In the report, the generation is the highest of all
        shards, and recall the lowest.
        """
        wanted = RebuildArguments(
            metric, index, dtype, model, dim, truncate, normalize, scores, vectors
        )
        self._check_rebuild(wanted)
        return rebuild.rebuild(
            self._session,
            self.name,
            wanted,
            vectors=self._vectors(vectors),
            progress=_callback(progress),
            threads=config.thread_count(threads) if threads is not None else None,
            validate=_validation(validate),
            keep_previous=arguments.truth("keep_previous", keep_previous),
            reason=rebuild_module.reason_text(reason),
            resume=None if resume is None else arguments.truth("resume", resume),
            hold=arguments.truth("hold", hold),
        )

    @as_embedded(Collection.commit_rebuild)
    def commit_rebuild(
        self,
        *,
        vectors: Vectors | None = None,
        keep_previous: bool = False,
        progress: Callable[[rebuild_module.RebuildProgress], object] | None = None,
        threads: int | None = None,
    ) -> rebuild_module.RebuildReport:
        """All shards switch at one moment, as for `rebuild`."""
        return rebuild.commit(
            self._session,
            self.name,
            vectors=self._vectors(vectors),
            keep_previous=arguments.truth("keep_previous", keep_previous),
            progress=_callback(progress),
            threads=config.thread_count(threads) if threads is not None else None,
        )

    @as_embedded(Collection.plan_rebuild)
    def plan_rebuild(
        self,
        metric: str | None = None,
        index: config.IndexConfig | None = None,
        dtype: str | None = None,
        *,
        model: str | None = None,
        vectors: Vectors | None = None,
        dim: int | None = None,
        truncate: int | None = None,
        normalize: bool = False,
        scores: str | None = None,
        threads: int | None = None,
    ) -> rebuild_module.RebuildPlan:
        """Every shard plans; sums of records and bytes, the longest time, the obstacles of all."""
        wanted = RebuildArguments(
            metric, index, dtype, model, dim, truncate, normalize, scores, vectors
        )
        self._check_rebuild(wanted)
        own = self._vectors(vectors)
        named = {**wanted.named(), "threads": threads}

        def calls(shards: Sequence[str]) -> dict[str, Call]:
            more = {} if own is None else own
            return {
                shard: Call("plan_rebuild", (), {**named, "vectors": more.get(shard)})
                for shard in shards
            }

        answers = self._router.ask(calls, timeout=max(self._session.timeout, _PLAN_SECONDS))
        return gathered.joined_rebuild_plan(answers.results)

    @as_embedded(Collection.rollback)
    def rollback(
        self,
        *,
        vectors: Vectors | None = None,
        progress: Callable[[rebuild_module.RebuildProgress], object] | None = None,
        threads: int | None = None,
        reason: str = "",
    ) -> rebuild_module.RebuildReport:
        """All shards switch back at one moment. Writers wait while changed records are linked.

        ``vectors=`` is refused here; rebuild with it instead.
        """
        return rebuild.rollback(
            self._session,
            self.name,
            vectors=self._vectors(vectors),
            progress=_callback(progress),
            threads=config.thread_count(threads) if threads is not None else None,
            reason=rebuild_module.reason_text(reason),
        )

    @as_embedded(Collection.discard_rebuild, hints=False)
    def discard_rebuild(self) -> bool:
        """On all shards."""
        self._session.check_open()
        return rebuild.discard(self._session, self.name)

    @as_embedded(Collection.drop_previous, hints=False)
    def drop_previous(self) -> bool:
        """On all shards."""
        self._session.check_open()
        return rebuild.drop_previous(self._session, self.name)

    # Shards

    def reshard(self, shards: int, *, progress: Progress | None = None) -> ReshardReport:
        """Spreads the records over another number of shards, while others read and write.

        Shards that have the right slots stay; the others are replaced by new ones, which are filled
        beside them, and removed. New ones go to the disks with the fewest slots. With a multiple of
        the present number each shard is cut for itself, so that it takes the room of one more.
        Writers wait for what was changed last. A generation that was kept for `rollback` is gone.

        Args:
            shards: How many, 1..4,096.
            progress: Called with (records copied, records) of the shards that are being replaced.

        Raises:
            InvalidArgumentError: shards is out of range.
            BusyError: The collection is being changed: rebuilt, or resharded by another program.
            ShardUnavailableError: A shard does not answer; what is done so far stays, and the same
                call goes on.
            DiskFullError: No space is left for the new shards; all is as it was.

        Example:
            docs.reshard(12)
        """
        count = arguments.whole("shards", shards, 1, 4096)
        self._session.check_open()
        return resharding.reshard(self._session, self.name, count, progress=_callback(progress))

    def split_shard(
        self,
        shard: str,
        into: int = 2,
        *,
        disks: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> ReshardReport:
        """Replaces one shard by several with equal parts of its slots; otherwise as `reshard`.

        Args:
            shard: Its name; `shards` has them all.
            into: How many, at least 2.
            disks: The label of a disk for each; those with the fewest slots by default.
            progress: As for `reshard`.

        Raises:
            NotFoundError: There is no such shard, or no such disk.
            And as `reshard`.

        Example:
            docs.split_shard("docs-000001", disks=["b", "c"])
        """
        self._session.check_open()
        return resharding.split(
            self._session,
            self.name,
            arguments.text("shard", shard),
            arguments.whole("into", into, 2, 4096),
            disks=None if disks is None else [arguments.text("disks", one) for one in disks],
            progress=_callback(progress),
        )

    def merge_shards(
        self, shards: Sequence[str], *, disk: str | None = None, progress: Progress | None = None
    ) -> ReshardReport:
        """Replaces several shards by one with all their slots; raises as `split_shard`.

        Args:
            shards: Their names, two at least.
            disk: The label of the disk for the new one; that with the fewest slots by default.
            progress: As for `reshard`.

        Example:
            docs.merge_shards(["docs-000001", "docs-000002"])
        """
        self._session.check_open()
        return resharding.merge(
            self._session,
            self.name,
            [arguments.text("shards", one) for one in shards],
            disk=None if disk is None else arguments.text("disk", disk),
            progress=_callback(progress),
        )

    def move_shard(
        self, shard: str, disk: str, *, progress: Progress | None = None
    ) -> ReshardReport:
        """Replaces a shard by one with the same slots on another disk; raises as `split_shard`.

        Example:
            docs.move_shard("docs-000001", "c")
        """
        self._session.check_open()
        return resharding.move(
            self._session,
            self.name,
            arguments.text("shard", shard),
            arguments.text("disk", disk),
            progress=_callback(progress),
        )

    def recover_shard(
        self,
        shard: str,
        disk: str,
        *,
        accept_loss: bool = False,
        progress: Callable[[str], object] | None = None,
    ) -> ReshardReport:
        """Makes a shard whose node or disk is gone anew on another disk.

        It is made of its newest backup and, with durability "stored", of its log, so that nothing
        that was acknowledged is missing. With "node" what was written after the backup is lost, and
        the call waits until a node that was only cut off has stopped answering.

        Args:
            shard: The shard that does not answer.
            disk: The label of the disk for the new one.
            accept_loss: Must be True with durability "node".
            progress: Called with a word for each step: "waiting", "restoring", "rebuilding",
                "backing up".

        Raises:
            InvalidArgumentError: The shard answers; or something would be lost.
            NotFoundError: There is no such shard or disk.
            ShardUnavailableError: There is neither a backup of it nor a log.
            BusyError: The collection is being changed.

        Example:
            docs.recover_shard("docs-000001", "c")
        """
        self._session.check_open()
        return recover.recover(
            self._session,
            self.name,
            arguments.text("shard", shard),
            arguments.text("disk", disk),
            accept_loss=arguments.truth("accept_loss", accept_loss),
            progress=_callback(progress),
        )

    def finish_change(self) -> str | None:
        """Completes or undoes a change whose program is gone; its kind, None where there is none.

        A rebuild that is unfinished or held stays: `rebuild` and `commit_rebuild` go on with it,
        and `discard_rebuild` drops it. A switch is completed; a `reshard` is undone, or completed
        where the new shards are in use already. A program that is not gone stops with
        StaleMapError.

        Raises:
            ShardUnavailableError, RemoteError: It can be finished later.

        Example:
            docs.finish_change()
        """
        self._session.check_open()
        return interrupted.finish_change(self._session, self.name)

    # What they share

    def _check_rebuild(self, wanted: RebuildArguments) -> None:
        """Refuse arguments that no collection of this schema takes: the twin plans."""
        if wanted.vectors is None:
            self._twin().plan_rebuild(**wanted.named())
            return
        source = source_of(wanted.vectors, dtype_named(self._header().dtype))
        dim = wanted.dim
        if dim is None and source is not None and source.columns is not None:
            width, packed = source.columns
            dim = None if packed else width
        if dim is not None:  # else only a call of the function tells, in the shards
            named = {**wanted.named(), "dim": dim}
            self._twin().plan_rebuild(**named, vectors=lambda _: ())

    def _vectors(self, vectors: Any) -> dict[str, Any] | None:
        """The argument ``vectors`` of each shard: a function is that of all, a table is cut."""
        if vectors is None:
            return None
        header = self._header()
        source = source_of(vectors, dtype_named(header.dtype))
        shards = self._router.collection().shards
        if not isinstance(source, TableSource):
            return {shard.id: vectors for shard in shards}
        owners = self._router.owners(source.ids)
        # A table must have a row: a shard that has none of its ids gets the first, and ignores it.
        rest = np.zeros(1, dtype=np.intp)
        return {shard.id: source.part(owners.get(shard.id, rest)) for shard in shards}


def _callback(progress: Any) -> Any:
    arguments.callback("progress", progress)
    return progress


def _validation(validate: bool | float) -> bool | float:
    rebuild_module.recall_floor(validate)
    return validate
