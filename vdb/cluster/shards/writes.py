"""Writing to a shard: whole, once for each token, and several waiting writes in one commit.

One commit is these steps, all inside one batch of the database:

1. the state of the shard is read: is it retired or frozen, is the token known;
2. each write is applied, and leaves its token with its result, and its ids in the journal if
   somebody copies the shard;
3. with durability "stored" the entry is put into the log;
4. the state with the new number is written, and everything is committed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from vdb.api import filter_warning
from vdb.api.collection import Collection
from vdb.api.commit_queue import CommitQueue
from vdb.api.database import Database
from vdb.cluster.metadata.log_entry import LogEntry
from vdb.cluster.shards.inherited import joined_results, rest_of
from vdb.cluster.shards.journal import Journal
from vdb.cluster.shards.log_entries import REBUILD, LoggedWrite, entry_of, rebuild_entry
from vdb.cluster.shards.operations import OPERATIONS, Outcome, Write, carry_out
from vdb.cluster.shards.shard_log import (
    CommitUnsureError,
    FencedError,
    LogAheadError,
    LoggedCommit,
    ShardLog,
)
from vdb.cluster.shards.state import Inherited, ShardState, StateRecords, encode_result
from vdb.errors import InvalidArgumentError, RebuildError, ShardUnavailableError, StaleMapError
from vdb.model.config import index_from_map
from vdb.model.records import Id
from vdb.store import Batch

__all__ = ["Writes", "refuse_retired"]

_ROOM: Final = 4096
"""Bytes that a write is taken for besides its arrays."""

_LONGEST_TOKEN: Final = 256
_LOG_TIMEOUT: Final = 30.0


@dataclass
class _Commit:
    """Writes that are committed together. One thread has it."""

    state: ShardState
    entries: list[LogEntry] = field(default_factory=list)
    changed: bool = False

    @property
    def seq(self) -> int:
        """The number that it will have."""
        return self.state.seq + 1


class Writes:
    """The writes of an open shard. Threads may share it; their writes take turns."""

    def __init__(
        self,
        db: Database,
        collection: Collection,
        state: StateRecords,
        journal: Journal,
        *,
        log: ShardLog | None,
        threads: int | None,
    ) -> None:
        self._db = db
        self._collection = collection
        self._state = state
        self._journal = journal
        self._log = log
        self._threads = threads
        self._queue = CommitQueue()
        self._catching_up = threading.Lock()
        self._commit: _Commit | None = None  # of the thread whose batch is open

    def write(
        self,
        write: Write,
        *,
        generation: int | None,
        timeout: float,
    ) -> tuple[Any, tuple[str, ...]]:
        """Carries a write out, unless one of that token was; its result, and remarks on filters.

        Raises:
            StaleMapError: The shard is retired or frozen, or has another generation.
            BusyError: It was not its turn within `timeout` seconds.
            ShardUnavailableError: The log cannot be written; whether it was carried out is unknown.
            VdbError: As the method of the collection; nothing was changed.
        """
        _check(write.token, write.operation)
        remarks: list[str] = []

        def make(batch: Batch) -> Any:
            commit = self._commit
            assert commit is not None  # noqa: S101 - for mypy; true in a batch of the queue
            refuse_retired(commit.state)
            rest, before = self._left_of(write, commit.state)
            if rest is None:
                return before
            _refuse_frozen(commit.state)
            self._require_generation(batch, generation)
            with filter_warning.remarks() as texts:
                outcome = carry_out(self._collection, rest, self._threads)
            remarks[:] = texts
            outcome = outcome._replace(result=joined_results(before, outcome.result))
            with _breaking(batch):
                if self._log is not None:
                    commit.entries.append(entry_of(self._collection, rest, outcome))
                self._note(commit, rest, outcome)
            return outcome.result

        room = _ROOM + sum(getattr(one, "nbytes", 0) for one in write.args)
        return self._committed(make, room, timeout), tuple(remarks)

    @property
    def logs(self) -> bool:
        """Whether there is a log."""
        return self._log is not None

    def log_rebuild(self, token: str, target: Mapping[str, Any]) -> None:
        """Put into the log that another generation is in use now; also while the shard is frozen.

        Args:
            token: Of the change-over; the same again does nothing.
            target: What the generation is; see `rebuild_again`.

        Raises:
            ShardUnavailableError: The log cannot be written.
        """

        def make(batch: Batch) -> None:
            commit = self._commit
            assert commit is not None  # noqa: S101 - for mypy; true in a batch of the queue
            refuse_retired(commit.state)
            if not self._state.known(token, commit.state)[0]:
                with _breaking(batch):
                    commit.entries.append(rebuild_entry(token, target))
                    self._note(commit, Write(token, REBUILD, (), {}), Outcome(None, []))

        self._committed(make, _ROOM, _LOG_TIMEOUT)

    def _committed(self, make: Callable[[Batch], Any], room: int, timeout: float) -> Any:
        """What `make` returns in a batch, once that is committed."""
        deadline = time.monotonic() + timeout
        while True:
            left = max(0.0, deadline - time.monotonic())
            try:
                return self._queue.run(self._begin, make, room=room, timeout=left)
            except LogAheadError:
                self.catch_up()
            except CommitUnsureError as error:
                raise ShardUnavailableError(str(error), since=time.time()) from error.__cause__

    def _left_of(self, write: Write, state: ShardState) -> tuple[Write | None, Any]:
        """What is to be done of a write, None for nothing; and the answer to what was done."""
        known, result = self._state.known(write.token, state)
        if isinstance(result, Inherited):
            return rest_of(self._collection, write, result)
        return (None if known else write), result

    def catch_up(self) -> None:
        """Apply what is in the log and not in the directory: of a commit that was interrupted.

        Raises:
            StaleMapError: Another directory has gone on with the shard; this one is retired.
            CorruptedError: An entry is damaged.
        """
        if self._log is None:
            return
        with self._catching_up:
            try:
                for seq, commit in self._log.own_after(self._state.read().seq):
                    self.apply(seq, commit)
            except FencedError as error:
                reason = str(error)
                self.change_state(lambda state: replace(state, retired=state.retired or reason))
                raise StaleMapError(reason) from None

    def apply(self, seq: int, logged: LoggedCommit) -> None:
        """Make the writes of an entry and commit them, unless they are.

        A change-over is not made again: this directory had made it when the entry was put. For one
        that had not, `rebuild_again` comes first.
        """
        try:
            with self._db.batch():
                commit = _Commit(self._state.read())
                if commit.seq != seq:
                    return
                for write in logged.writes:
                    self._make_again(commit, write)
                self._state.write(replace(commit.state, seq=seq))
            self._state.committed()
        except BaseException:
            self._state.undone()
            raise

    def rebuild_again(self, logged: LoggedCommit) -> None:
        """Make the change-overs of an entry, in a directory of before them.

        Raises:
            RebuildError: The vectors of the new generation do not follow from the stored ones.
        """
        for one in logged.writes:
            if one.write.operation != REBUILD:
                continue
            target = dict(one.write.kwargs)
            if not target["follows"]:
                raise RebuildError(
                    "the log has a rebuild to vectors that do not follow from those before, and no "
                    "backup was made after it",
                    expected="a backup after the rebuild",
                    received=one.write.token,
                )
            self._collection.rebuild(
                target["metric"],
                index_from_map(target["index"]),
                target["dtype"],
                scores=target["scores"],
                validate=False,
                threads=self._threads,
                reason="from the log",
            )

    def change_state(self, change: Callable[[ShardState], ShardState]) -> ShardState:
        """Changes the state, in a commit of its own. Where `change` raises, nothing is."""
        with self._db.batch():
            before = self._state.read()
            after = change(before)
            if after != before:
                self._state.write(after)
        return after

    def _make_again(self, commit: _Commit, logged: LoggedWrite) -> None:
        known, result = self._state.known(logged.write.token, commit.state)
        if known and not isinstance(result, Inherited):
            return
        ids: list[Id] = []
        if logged.write.operation != REBUILD:
            ids = carry_out(self._collection, logged.write, self._threads).ids
        self._note(commit, logged.write, Outcome(logged.result, ids))

    def _note(self, commit: _Commit, write: Write, outcome: Outcome) -> None:
        """Leave the token, and the ids in the journal; and the tokens that a write brings."""
        if commit.state.journal:
            self._journal.add(commit.seq, commit.state.writes, outcome.ids)
        tokens = [(write.token, encode_result(outcome.result))]
        if write.operation == "put_tokens":
            tokens = [*write.args[0], *tokens]
        after = self._state.put_tokens(tokens, replace(commit.state, seq=commit.seq))
        commit.state = replace(after, seq=commit.state.seq)
        commit.changed = True

    @contextmanager
    def _begin(self, room: int, _: float) -> Iterator[Batch]:
        """A batch that ends with the state of the shard after all writes in it."""
        access = self._db._access  # noqa: SLF001 - the batch that the queue looks at
        logged = False
        try:
            with self._db.batch(), access.writing(room=room) as batch:
                commit = self._commit = _Commit(self._state.read())
                yield batch
                if commit.changed:
                    if self._log is not None:
                        self._log.put(commit.seq, commit.entries)
                        logged = True
                    self._state.write(replace(commit.state, seq=commit.seq))
            self._state.committed()
        except BaseException as error:
            self._state.undone()
            if logged and isinstance(error, Exception):
                raise CommitUnsureError(
                    f"the write is in the log, and could not be committed: {error}"
                ) from error
            raise
        finally:
            self._commit = None

    def _require_generation(self, batch: Batch, generation: int | None) -> None:
        newest = self._collection._view(batch).generation.number  # noqa: SLF001
        if generation is not None and generation != newest:
            raise StaleMapError(
                f"generation {generation} is written to, and {newest} is in use",
                expected=newest,
                received=generation,
            )


@contextmanager
def _breaking(batch: Batch) -> Iterator[None]:
    """Inside, an error breaks the batch: the write is in it, and its token is not."""
    try:
        yield
    except BaseException as error:
        batch.fail(error)
        raise


def _check(token: object, operation: object) -> None:
    if not isinstance(token, str) or not 1 <= len(token.encode()) <= _LONGEST_TOKEN:
        raise InvalidArgumentError(
            f"token must be a text of 1 to {_LONGEST_TOKEN} bytes, got {token!r:.80}",
            expected=(1, _LONGEST_TOKEN),
            received=token,
        )
    if operation not in OPERATIONS:
        raise InvalidArgumentError(
            f"{operation!r} is no write of a shard",
            expected=sorted(OPERATIONS),
            received=operation,
        )


def refuse_retired(state: ShardState) -> None:
    """Raise StaleMapError where the shard has no part in the cluster any more."""
    if state.retired:
        raise StaleMapError(f"the shard is retired: {state.retired}")


def _refuse_frozen(state: ShardState) -> None:
    if state.frozen is not None:
        raise StaleMapError(f"the shard is frozen by {state.frozen.owner}, for a change of the map")
