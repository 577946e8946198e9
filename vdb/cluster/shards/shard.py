"""The class `Shard`: what an engine runs, and all that it can be asked.

Arguments and results can be pickled, errors are those of vdb. What users ask is answered only while
the shard is in the map. What a change of the cluster asks does not need that: a new shard is filled
before any map has it, and an old one is removed when none has it any more.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import wraps
from typing import Any, TypeVar, cast

from vdb.cluster.metadata.opening import cluster_store
from vdb.cluster.shards.answer import Answer
from vdb.cluster.shards.freezes import Freezes
from vdb.cluster.shards.journal import Journal
from vdb.cluster.shards.map_lease import MapLease
from vdb.cluster.shards.opening import LOCK_TIMEOUT, open_shard, unavailable, with_shard
from vdb.cluster.shards.operations import Write
from vdb.cluster.shards.pins import Generation, Pins
from vdb.cluster.shards.reads import Reads
from vdb.cluster.shards.rebuilds import Rebuilds
from vdb.cluster.shards.recovery import back_up
from vdb.cluster.shards.rows import ShardRows, rows_of
from vdb.cluster.shards.shard_log import ShardLog
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.cluster.shards.state import COLLECTION, ShardState, StateRecords
from vdb.cluster.shards.writes import Writes, refuse_retired
from vdb.errors import (
    BusyError,
    ClosedError,
    CorruptedError,
    ShardUnavailableError,
    StaleError,
    StaleMapError,
)
from vdb.maintenance.rebuild import RebuildProgress, RebuildReport
from vdb.model.records import Id
from vdb.model.text_field import Text

__all__ = ["Shard"]

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _named(method: _Method) -> _Method:
    """A method whose errors say which shard they are of."""

    @wraps(method)
    def call(self: Shard, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except CorruptedError as error:
            with_shard(error, self.place)
            raise
        except ShardUnavailableError as error:
            if not error.shard:
                error.shard, error.node = self.place.shard, platform.node()
                error.message = f"shard {self.place.shard}: {error.message}"
            raise
        except ClosedError as error:
            if self._closed:
                raise unavailable(self.place, "it was closed") from error
            raise
        except StaleError as error:
            raise unavailable(self.place, str(error)) from error

    return cast(_Method, call)


class Shard:
    """An open shard. Threads may share it: reads run at once, writes take turns.

    Raises:
        ShardUnavailableError: Its directory is missing and had records, holds something else, or
            cannot be opened.
        CorruptedError: It is damaged.
        FormatVersionError: A later release made it.

    Example:
        shard = Shard(place)
        shard.write("token-1", "add", [1, 2], vectors)
        shard.search(None, q, k=3).result.ids
    """

    def __init__(self, place: ShardPlace) -> None:
        """Opens the directory, or makes it where it may be empty or can be made anew."""
        self.place = place
        self._closed = False
        self._lease = MapLease(place)
        self._db = open_shard(place, self._lease)
        try:
            collection = self._db.collection(place.collection)
            self._collection = collection
            self._state = StateRecords(self._db)
            self._journal = Journal(self._db.collection(COLLECTION))
            self._pins = Pins(self._db, place.collection)
            self._reads = Reads(collection, self._pins, place.threads)
            log = self._log = self._opened_log()
            self._writes = Writes(
                self._db, collection, self._state, self._journal, log=log, threads=place.threads
            )
            self._freezes = Freezes(place, self._state, self._writes, self._lease)
            self._rebuilds = Rebuilds(
                collection, self._state, self._pins, self._reads,
                writes=self._writes, lease=self._lease, threads=place.threads,
            )  # fmt: skip
            self._seen: tuple[int, ShardState] = (-1, ShardState())  # a commit, and the state at it
            self._catch_up()
        except BaseException:
            self._db.close()
            raise

    # Users: the shard must be in the map

    @_named
    def search(self, generation: Generation, q: Any, k: Any = 10, **options: Any) -> Answer:
        """As `CollectionReader.search`; the result is `HitColumns`, with a count of one query.

        Args:
            generation: The generation of the caller's map, or the name of a moment that was pinned;
                None: the generation in use.
            q: The query.
            k: Hits at most.
            options: More arguments of `search`, but for groups.

        Raises:
            StaleMapError: The shard is not in the map, or has another generation.
            ShardUnavailableError: It cannot see the map.
        """
        self._require_in_map()
        return self._reads.search(generation, q, k, options)

    @_named
    def search_many(self, generation: Generation, Q: Any, k: Any = 10, **options: Any) -> Answer:
        """As `CollectionReader.search_many`; the result is `HitColumns`; raises as `search`."""
        self._require_in_map()
        return self._reads.search_many(generation, Q, k, options)

    @_named
    def read(self, generation: Generation, method: str, /, *args: Any, **kwargs: Any) -> Answer:
        """A reading method of the collection, by its name; raises as `search`.

        Iterators come as lists, so ids and records should be read with ``limit=``.
        """
        self._require_in_map()
        return self._reads.read(generation, method, args, kwargs)

    @_named
    def write(
        self,
        token: str,
        operation: str,
        /,
        *args: Any,
        generation: int | None = None,
        timeout: float = LOCK_TIMEOUT,
        **kwargs: Any,
    ) -> Answer:
        """A writing method of the collection, by its name: whole, and once for each token.

        Args:
            token: Different for each write; the same again returns what the first returned.
            operation: A name in `vdb.cluster.shards.operations.OPERATIONS`.
            args: Its arguments.
            generation: The generation of the caller's map; None: any.
            timeout: Seconds to wait for other writes.
            kwargs: More of its arguments.

        Raises:
            StaleMapError: The shard is not in the map, frozen, or has another generation.
            ShardUnavailableError: It cannot see the map, or not write the log.
            VdbError: As the method; nothing was changed.
        """
        self._require_in_map()
        self._freezes.wait()
        write = Write(token, operation, args, kwargs)
        result, remarks = self._writes.write(write, generation=generation, timeout=timeout)
        newest = self._reads.newest()[1]
        return Answer(newest, newest, result, remarks)

    @_named
    def tune(self, generation: int | None, *args: Any, **kwargs: Any) -> Answer:
        """As `Collection.tune`: what it measured is kept, and is no write of the shard."""
        self._require_in_map()
        newest = self._reads.newest()[1]
        if generation not in (None, newest):
            raise StaleMapError(
                f"generation {generation} is asked for, and {newest} is in use",
                expected=newest,
                received=generation,
            )
        threads = kwargs.get("threads") or self.place.threads
        tuning = self._collection.tune(*args, **{**kwargs, "threads": threads})
        return Answer(newest, newest, tuning)

    # Changes of the cluster: writers stopped

    @_named
    def freeze(self, owner: str, seconds: float) -> int:
        """Refuses writes until `thaw`, or for so many seconds; again by the same owner renews it.

        When the time is over and writes come, the shard puts a change of that token that copies
        records into stage "undo" in the map, before it accepts them. So whoever completes such a
        change must refuse to where its stage is another.

        Args:
            owner: The token of the change.
            seconds: How long, by the clock of each process that has the shard open.

        Returns:
            The number of the shard's last commit.

        Raises:
            BusyError: Another owner has frozen it.
            StaleMapError: It is retired.
        """
        return self._freezes.freeze(owner, seconds)

    @_named
    def thaw(self, owner: str) -> bool:
        """Accepts writes again; returns whether that owner had frozen it."""
        return self._freezes.thaw(owner)

    @_named
    def pin_moment(self, name: str, seconds: float) -> int:
        """Keeps this moment for reads that name it, at most so many seconds; returns its commit.

        It belongs to the process of the shard, and is gone with it.

        Raises:
            BusyError: The shard is not frozen by that name any more, so writes may have come.
        """
        self._require_in_map()
        commit = self._pins.pin(name, seconds)
        frozen = self._state.read().frozen
        if frozen is None or frozen.owner != name:
            self._pins.unpin(name)
            raise BusyError(f"shard {self.place.shard} has let writers on again; try again")
        return commit

    @_named
    def unpin_moment(self, name: str) -> None:
        """Lets a moment go; nothing where it is gone."""
        self._pins.unpin(name)

    @_named
    def retire(self, reason: str) -> None:
        """Refuses everything of users from now on, for good: others have its slots."""
        self._writes.change_state(lambda state: replace(state, retired=state.retired or reason))

    @_named
    def remove(self) -> None:
        """Retires the shard, closes it and removes its directory.

        Raises:
            StaleMapError: It is in the map, so nothing was done.
        """
        if self._lease.entry() is not None:
            raise StaleMapError(f"shard {self.place.shard} is in the map, and stays")
        self.retire("it was removed")
        self.close()
        shutil.rmtree(self.place.directory)

    # Changes of the cluster: records copied to other shards

    @_named
    def begin_journal(self, owner: str) -> int:
        """From now on the ids of writes are written down; returns the number of the last commit.

        Raises:
            BusyError: Another owner has begun, whose change is in the map.
        """
        left = self._state.read().journal
        if left and (left == owner or self._lease.change_of(left) is not None):
            left = ""

        def begun(state: ShardState) -> ShardState:
            if state.journal and state.journal not in (owner, left):
                raise BusyError(f"shard {self.place.shard} is being copied by {state.journal}")
            return replace(state, journal=owner)

        return self._writes.change_state(begun).seq

    @_named
    def changed_since(self, seq: int) -> tuple[list[Id], int]:
        """The ids that commits after `seq` changed or removed, and the last commit's number."""
        last = self._state.read().seq  # before the ids are read: some may be read twice
        return self._journal.since(seq), last

    @_named
    def end_journal(self, owner: str) -> None:
        """Writes no ids down any more, and drops those that are."""
        ended = self._writes.change_state(
            lambda state: replace(state, journal="") if state.journal == owner else state
        )
        if not ended.journal:
            self._journal.clear()

    @_named
    def rows(self, ids: Sequence[Id]) -> ShardRows:
        """The records of these ids, and which have none, for `put_rows` of another shard."""
        return rows_of(self._collection, ids)

    @_named
    def put_rows(self, token: str, rows: ShardRows) -> int:
        """Makes the shard equal to another in these ids, once for each token.

        Returns:
            How many have a record.

        Raises:
            StaleMapError: The shard is retired or frozen.
        """
        write = Write(token, "put_rows", (rows,), {})
        result, _ = self._writes.write(write, generation=None, timeout=LOCK_TIMEOUT)
        return int(result)

    @_named
    def put_field(self, token: str, path: str, kind: str | Mapping[str, Any] | None) -> None:
        """Indexes a payload field as the schema of the map has it; None drops the index.

        For a shard that the map does not name yet: once for each token.

        Raises:
            StaleMapError: The shard is retired or frozen.
            VdbError: As `Collection.index_field` and `Collection.drop_field`.
        """
        if kind is None:
            write = Write(token, "drop_field", (path,), {})
        else:
            what = kind if isinstance(kind, str) else Text(**kind)
            write = Write(token, "index_field", (path, what), {})
        self._writes.write(write, generation=None, timeout=LOCK_TIMEOUT)

    @_named
    def known_writes(self, since: int = 0) -> tuple[list[tuple[str, dict[str, Any]]], int]:
        """The tokens and results of the last writes, for `put_tokens` of the shards that follow.

        See `vdb.cluster.shards.inherited.inherited_tokens`.

        Args:
            since: Leave out so many of the first writes.

        Returns:
            Them, oldest first, and how many writes there were.
        """
        return self._state.last(since)

    @_named
    def put_tokens(self, token: str, tokens: Sequence[tuple[str, Mapping[str, Any]]]) -> int:
        """Makes writes known that other shards carried out; once for each token; how many.

        Raises:
            StaleMapError: The shard is retired or frozen.
        """
        write = Write(token, "put_tokens", (list(tokens),), {})
        result, _ = self._writes.write(write, generation=None, timeout=LOCK_TIMEOUT)
        return int(result)

    @_named
    def record_count(self) -> int:
        """How many records there are."""
        return len(self._collection)

    # Changes of the cluster: the next generation

    @_named
    def prepare_rebuild(
        self,
        token: str,  # noqa: ARG002 - said in the journal of whoever calls
        arguments: Mapping[str, Any],
        *,
        threads: int | None = None,
        **options: Any,
    ) -> RebuildReport:
        """Builds the next generation beside the one in use, and holds it; see `Collection.rebuild`.

        Args:
            token: The token of the change.
            arguments: What it is to be: named arguments of `Collection.rebuild`.
            threads: Threads that link; None: those of the shard.
            options: More of its arguments, such as `vectors`, `validate` and `resume`.

        Raises:
            RebuildError: `stop_rebuild` was called, or the generation is not good enough.
            VdbError: As `Collection.rebuild`.
        """
        return self._rebuilds.prepare(arguments, threads=threads, **options)

    @_named
    def rebuild_progress(self) -> RebuildProgress | None:
        """Where the rebuild is that is running; None where none is."""
        return self._rebuilds.progress()

    @_named
    def stop_rebuild(self) -> None:
        """Stops the rebuild that is running; what was built stays as an unfinished rebuild."""
        self._rebuilds.stop()

    @_named
    def commit_rebuild(
        self,
        token: str,
        *,
        generation: int,
        back: bool = False,
        keep_previous: bool = False,
        threads: int | None = None,
        reason: str = "",
    ) -> RebuildReport:
        """Puts the held generation to use, or with `back` the kept one; nothing where it is.

        The old one answers from a snapshot of this moment for 30 s. With durability "stored" the
        change-over is in the log, too; but of a rebuild with vectors of another model, or with
        cut or scaled ones, only a backup that is made after it has them.

        Raises:
            StaleMapError: The shard is not frozen by `token`.
            NotFoundError: Another generation is held or kept, or none is.
            VdbError: As `Collection.commit_rebuild` and `Collection.rollback`.
        """
        return self._rebuilds.commit(
            token,
            generation,
            back=back,
            keep_previous=keep_previous,
            threads=threads,
            reason=reason,
        )

    @_named
    def discard_rebuild(self) -> bool:
        """As `Collection.discard_rebuild`."""
        return self._collection.discard_rebuild()

    @_named
    def kept_generation(self) -> int | None:
        """The number of the generation that is kept for a way back; None where none is."""
        return self._rebuilds.kept()

    @_named
    def drop_previous(self) -> bool:
        """As `Collection.drop_previous`."""
        return self._collection.drop_previous()

    @_named
    def schema(self) -> dict[str, Any]:
        """The schema of the collection as it is now, in the form of the map."""
        return self._rebuilds.schema()

    # Looking after it

    @_named
    def status(self) -> dict[str, Any]:
        """What the shard is and how it is, as a dict for JSON."""
        commit, generation = self._reads.newest()
        state = self._state.read()
        return {
            "shard": self.place.shard,
            "collection": self.place.collection,
            "directory": self.place.directory,
            "disk": self.place.disk,
            "records": len(self._collection),
            "commit": commit,
            "generation": generation,
            "metric": self._collection.metric,
            "dtype": self._collection.dtype,
            "seq": state.seq,
            "frozen": None if state.frozen is None else asdict(state.frozen),
            "retired": state.retired,
            "journal": state.journal,
        }

    @_named
    def check(self) -> list[str]:
        """Verifies the whole database; returns its problems, as texts."""
        return [str(problem) for problem in self._db.check()]

    @_named
    def backup(self, *, verify: bool = False, keep: int | None = None) -> dict[str, Any]:
        """Backs the shard up into the cluster's store, and removes the log that it covers.

        Args:
            verify: Verify the shard, and read the backup back.
            keep: Keep the newest `keep` backups; None: all.

        Returns:
            The name of the backup, the bytes in it and those that were new, and the number of the
            last commit that is surely in it.

        Raises:
            RemoteError: The store cannot be written.
            CorruptedError: With `verify`, the shard is damaged.
        """
        seq = self._state.read().seq
        report = back_up(self._db, self.place, verify=verify, keep=keep)
        if self._log is not None and seq:
            self._log.prune(seq)
        return {"seq": seq, **asdict(report)}

    def close(self) -> None:
        """Closes the database; calls that are running end first."""
        self._closed = True
        self._rebuilds.stop()
        self._pins.close()
        with suppress(BusyError):
            self._db.close()

    # What the methods share

    def _opened_log(self) -> ShardLog | None:
        if self.place.durability != "stored":
            return None
        store = cluster_store(self.place.url, self.place.storage_options)
        return ShardLog(store, self.place.shard, self._state.identity().directory)

    @_named
    def _catch_up(self) -> None:
        with suppress(StaleMapError):  # retired just now: each answer says so
            self._writes.catch_up()

    def _require_in_map(self) -> None:
        """Raise where the shard may not answer: see `MapLease`; a frozen one looks each time."""
        state = self._current_state()
        refuse_retired(state)
        if state.frozen is not None:
            self._lease.look()
        else:
            self._lease.require()

    def _current_state(self) -> ShardState:
        """The state at the newest commit; read again where there was one, of any process."""
        commit, state = self._seen
        newest = self._reads.newest()[0]
        if commit != newest:
            state = self._state.read()  # at this commit, or a later one
            self._seen = (newest, state)
        return state
