"""The class `Shard`: what an engine runs, and all that it can be asked.

Arguments and results can be pickled, errors are those of vdb. Each method says whether it needs the
shard to be in the map: reads and writes of users do, what a change of the cluster asks does not,
because a new shard is filled before any map has it.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from vdb.cluster.metadata import elapsed
from vdb.cluster.shards.answer import Answer
from vdb.cluster.shards.journal import Journal
from vdb.cluster.shards.map_lease import MapLease
from vdb.cluster.shards.opening import LOCK_TIMEOUT, open_shard, with_shard
from vdb.cluster.shards.pins import Pins
from vdb.cluster.shards.reads import Reads
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.cluster.shards.state import COLLECTION, Freeze, ShardState, StateRecords
from vdb.cluster.shards.writes import Writes
from vdb.errors import BusyError, CorruptedError, StaleMapError
from vdb.model.records import Id

__all__ = ["Shard"]


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
        """Opens the directory, or makes it where it may be empty."""
        self.place = place
        self._lease = MapLease(place)
        self._db = open_shard(place, self._lease)
        collection = self._db.collection(place.collection)
        self._collection = collection
        self._state = StateRecords(self._db)
        self._journal = Journal(self._db.collection(COLLECTION))
        self._pins = Pins(self._db, place.collection)
        self._reads = Reads(collection, self._pins, place.threads)
        self._writes = Writes(self._db, collection, self._state, self._journal, place.threads)
        self._lock = threading.Lock()
        self._state_at = -1  # the commit of the next one
        self._seen = ShardState()
        self._frozen_since: tuple[str, float] = ("", 0.0)

    # Users: the shard must be in the map

    def search(self, generation: int | None, q: Any, k: Any = 10, **options: Any) -> Answer:
        """As `CollectionReader.search`; the result is `HitColumns`, with a count of one query.

        Args:
            generation: The generation of the caller's map; None: the one in use.
            q: The query.
            k: Hits at most; an offset is taken from them here, so k + offset is asked for.
            options: More arguments of `search`, but for groups.

        Raises:
            StaleMapError: The shard is not in the map, or has another generation.
            ShardUnavailableError: It cannot see the map.
        """
        self._require_in_map()
        with self._naming():
            return self._reads.search(generation, q, k, options)

    def search_many(self, generation: int | None, Q: Any, k: Any = 10, **options: Any) -> Answer:
        """As `CollectionReader.search_many`; the result is `HitColumns`; raises as `search`."""
        self._require_in_map()
        with self._naming():
            return self._reads.search_many(generation, Q, k, options)

    def read(self, generation: int | None, method: str, /, *args: Any, **kwargs: Any) -> Answer:
        """A reading method of the collection, by its name; raises as `search`.

        Iterators come as lists, so ids and records should be read with ``limit=``.
        """
        self._require_in_map()
        with self._naming():
            return self._reads.read(generation, method, args, kwargs)

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
            operation: A name in `vdb.cluster.shards.writes.OPERATIONS`.
            args: Its arguments.
            generation: The generation of the caller's map; None: any.
            timeout: Seconds to wait for other writes.
            kwargs: More of its arguments.

        Raises:
            StaleMapError: The shard is not in the map, frozen, or has another generation.
            ShardUnavailableError: It cannot see the map.
            VdbError: As the method; nothing was changed.
        """
        self._require_in_map()
        with self._naming():
            result, remarks = self._writes.write(
                token, operation, args, kwargs, generation=generation, timeout=timeout
            )
            newest = self._reads.newest()[1]
        return Answer(newest, newest, result, remarks)

    # Changes of the cluster

    def freeze(self, owner: str, seconds: float) -> int:
        """Refuses writes until `thaw`, or for so many seconds; again by the same owner renews it.

        Returns:
            The number of the shard's last commit.

        Raises:
            BusyError: Another owner has frozen it.
            StaleMapError: It is retired.
        """
        new = Freeze.new(owner, seconds)

        def freeze(state: ShardState) -> ShardState:
            if state.retired:
                raise StaleMapError(f"the shard is retired: {state.retired}")
            if state.frozen is not None and state.frozen.owner != owner:
                raise BusyError(f"shard {self.place.shard} is frozen by {state.frozen.owner}")
            return replace(state, frozen=new)

        return self._writes.change_state(freeze).seq

    def thaw(self, owner: str) -> bool:
        """Accepts writes again; returns whether that owner had frozen it."""
        thawed = False

        def thaw(state: ShardState) -> ShardState:
            nonlocal thawed
            if state.frozen is None or state.frozen.owner != owner:
                return state
            thawed = True
            return replace(state, frozen=None)

        self._writes.change_state(thaw)
        return thawed

    def retire(self, reason: str) -> None:
        """Refuses everything of users from now on, for good: others have its slots."""
        self._writes.change_state(lambda state: replace(state, retired=state.retired or reason))

    def begin_journal(self, owner: str) -> int:
        """From now on the ids of writes are written down; returns the number of the last commit.

        Raises:
            BusyError: Another owner has begun.
        """

        def begin(state: ShardState) -> ShardState:
            if state.journal and state.journal != owner:
                raise BusyError(f"shard {self.place.shard} is being copied by {state.journal}")
            return replace(state, journal=owner)

        return self._writes.change_state(begin).seq

    def changed_since(self, seq: int) -> tuple[list[Id], int]:
        """The ids that commits after `seq` changed or removed, and the last commit's number."""
        last = self._state.read().seq  # before the ids are read: some may be read twice
        return self._journal.since(seq), last

    def end_journal(self, owner: str) -> None:
        """Writes no ids down any more, and drops those that are."""
        ended = self._writes.change_state(
            lambda state: replace(state, journal="") if state.journal == owner else state
        )
        if not ended.journal:
            self._journal.clear()

    # Looking after it

    def status(self) -> dict[str, Any]:
        """What the shard is and how it is, as a dict for JSON."""
        with self._naming():
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

    def check(self) -> list[str]:
        """Verifies the whole database; returns its problems, as texts."""
        return [str(problem) for problem in self._db.check()]

    def close(self) -> None:
        """Closes the database; calls that are running end first."""
        self._pins.close()
        with suppress(BusyError):
            self._db.close()

    # What the methods share

    def _require_in_map(self) -> None:
        """Raise where the shard may not answer: see `MapLease`; a frozen one looks each time."""
        state = self._current_state()
        if state.retired:
            raise StaleMapError(f"shard {self.place.shard} is retired: {state.retired}")
        if state.frozen is not None:
            self._lease.look()
        else:
            self._lease.require()

    def _current_state(self) -> ShardState:
        """The state at the newest commit; read again where there was one, of any process."""
        commit, _ = self._reads.newest()
        if commit != self._state_at:
            state = self._state.read()  # at this commit, or a later one
            with self._lock:
                self._state_at, self._seen = commit, state
            frozen = state.frozen
            if frozen is not None and frozen.stamp != self._frozen_since[0]:
                self._frozen_since = (frozen.stamp, elapsed.now())
            return state
        return self._seen

    def _naming(self) -> _Naming:
        return _Naming(self.place)


class _Naming:
    """Puts the name of the shard into errors of damage."""

    __slots__ = ("_place",)

    def __init__(self, place: ShardPlace) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, CorruptedError):
            with_shard(error, self._place)
