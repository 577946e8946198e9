"""The next generation of a shard: built beside the one in use, and put to use on demand.

`prepare` and `commit` can be called again by whoever does not know how far they came. At the
change-over the old generation is pinned, so that callers with the old map are answered from it
until they have seen the new one.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from vdb.api.collection import Collection
from vdb.api.collection_schema import CollectionSchema
from vdb.cluster.metadata.schema_document import schema_to_json
from vdb.cluster.shards.map_lease import MapLease
from vdb.cluster.shards.pins import Pins
from vdb.cluster.shards.reads import Reads
from vdb.cluster.shards.state import StateRecords
from vdb.cluster.shards.writes import Writes
from vdb.errors import NotFoundError, RebuildError, StaleMapError
from vdb.maintenance.rebuild import RebuildProgress, RebuildReport
from vdb.model.config import index_to_map
from vdb.model.text_field import Text

__all__ = ["Rebuilds"]


class Rebuilds:
    """Generations of an open shard. Threads may share it; the database builds one at a time."""

    def __init__(
        self,
        collection: Collection,
        state: StateRecords,
        pins: Pins,
        reads: Reads,
        *,
        writes: Writes,
        lease: MapLease,
        threads: int | None,
    ) -> None:
        self._collection = collection
        self._state = state
        self._pins = pins
        self._reads = reads
        self._writes = writes
        self._lease = lease
        self._threads = threads
        self._turn = threading.Lock()  # of change-overs
        self._progress: RebuildProgress | None = None
        self._stopped = False

    def prepare(
        self,
        arguments: Mapping[str, Any],
        *,
        threads: int | None,
        **options: Any,
    ) -> RebuildReport:
        """As `Collection.rebuild` with ``hold=True``.

        Raises:
            RebuildError: `stop` was called; what was built stays as an unfinished rebuild.
        """
        self._stopped = False
        try:
            return self._collection.rebuild(
                **arguments,
                **options,
                hold=True,
                threads=threads or self._threads,
                progress=self._note,
            )
        finally:
            self._progress = None

    def progress(self) -> RebuildProgress | None:
        """Where the rebuild is that is running in this process; None where none is."""
        return self._progress

    def stop(self) -> None:
        """Stop the rebuild that is running; nothing where none is."""
        self._stopped = True

    def commit(
        self,
        token: str,
        generation: int,
        *,
        back: bool,
        keep_previous: bool,
        threads: int | None,
        reason: str,
    ) -> RebuildReport:
        """Put the held generation to use, or the kept one; nothing where it is in use.

        Args:
            token: The owner of the freeze, without which nothing is changed over.
            generation: Its number.
            back: Whether it is the one that was kept.
            keep_previous: Keep the present one.
            threads: Threads that link what was written last.
            reason: For the history, of a way back.

        Raises:
            StaleMapError: The shard is not frozen by `token`.
            NotFoundError: Another generation is held or kept, or none is.
        """
        with self._turn:
            present = self._reads.newest()[1]
            if present == generation:
                self._log(token)
                return self._report_of_now()
            frozen = self._state.read().frozen
            if frozen is None or frozen.owner != token:
                raise StaleMapError("the shard is not frozen by this change")
            self._require(generation, back)
            self._pins.pin(present)
            count = threads or self._threads
            try:
                if back:
                    report = self._collection.rollback(
                        threads=count, progress=self._note, reason=reason
                    )
                else:
                    report = self._collection.commit_rebuild(
                        keep_previous=keep_previous, threads=count, progress=self._note
                    )
            except BaseException:
                if self._reads.newest()[1] == present:
                    self._pins.unpin(present)
                raise
            finally:
                self._progress = None
            self._log(token)
            return report

    def _log(self, token: str) -> None:
        """Put the change-over into the log, which writes follow that are of the new generation.

        A shard that is made anew builds the same from its stored vectors. It cannot where they were
        others, or were cut off or scaled: after such a rebuild a backup is needed.
        """
        if not self._writes.logs:
            return
        info = self._collection.info()
        now, before = info.history[-1], info.history[-2:][0]
        change = self._lease.change_of(token)
        arguments = {} if change is None else dict(change.spec.get("arguments", {}))
        follows = (now.dim, now.model) == (before.dim, before.model) and not any(
            arguments.get(name) for name in ("truncate", "normalize", "other_vectors")
        )
        target = {
            "metric": info.metric,
            "dtype": info.dtype,
            "index": index_to_map(info.index),
            "scores": info.scores,
            "follows": follows,
        }
        self._writes.log_rebuild(f"{token}-rebuild", target)

    def kept(self) -> int | None:
        """The number of the generation that is kept; None where none is."""
        previous = self._collection.info().previous
        return None if previous is None else previous.generation

    def schema(self) -> dict[str, Any]:
        """The schema of the collection as it is, as the map has it."""
        info = self._collection.info()
        texts = {
            name: Text(text.analyzer, stored=text.stored, positions=text.positions)
            for name, text in info.text_fields.items()
        }
        types: dict[str, str | Text] = {**info.fields, **texts}
        return schema_to_json(
            CollectionSchema(
                info.name,
                info.dim or "auto",
                info.metric,
                info.dtype,
                info.index,
                info.scores,
                info.model,
                types,
                info.optional_vectors,
            )
        )

    def _require(self, generation: int, back: bool) -> None:
        info = self._collection.info()
        pending = info.previous if back else info.rebuilding
        if pending is None or pending.generation != generation:
            kind = "kept" if back else "held"
            raise NotFoundError(
                f"generation {generation} is not {kind}, so it cannot be put to use",
                expected=generation,
                received=None if pending is None else pending.generation,
            )

    def _report_of_now(self) -> RebuildReport:
        """What a change-over that was made before says of itself, as far as it is still known."""
        info = self._collection.info()
        now, before = info.history[-1], info.history[-2:][0]
        return RebuildReport(
            collection=info.name,
            generation=now.generation,
            metric=now.metric,
            dtype=now.dtype,
            dim=now.dim,
            model=now.model,
            index=now.index,
            previous=before.generation,
            previous_metric=before.metric,
            previous_dtype=before.dtype,
            previous_dim=before.dim,
            previous_model=before.model,
            previous_kept=info.previous is not None,
            held=False,
            records=info.count,
            caught_up=0,
            ignored=0,
            recall=now.recall,
            resumed=False,
            commits=0,
            seconds=0.0,
        )

    def _note(self, progress: RebuildProgress) -> None:
        self._progress = progress
        if self._stopped:
            self._stopped = False
            raise RebuildError("the rebuild was stopped; the same call goes on with it")
