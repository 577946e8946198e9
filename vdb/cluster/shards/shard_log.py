"""The log of a shard with durability "stored": what is in it is never lost, and it is the fence.

An entry is put inside the open batch, after the writes were applied and before they are committed.
Who dies between the two finds the entry and applies it. An entry of another directory means that
the shard was made anew elsewhere: this directory has no part in the cluster any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vdb.cluster.metadata.commit_log import CommitLog
from vdb.cluster.metadata.log_entry import LogEntry
from vdb.cluster.metadata.object_names import log_name
from vdb.cluster.metadata.retrying_store import RetryingStore
from vdb.cluster.shards.log_entries import LoggedWrite, write_of
from vdb.errors import CommitUnknownError, VdbError
from vdb.maintenance.repository.object_store import ObjectStore
from vdb.store.format.decoder import Fields

__all__ = ["CommitUnsureError", "FencedError", "LogAheadError", "LoggedCommit", "ShardLog"]

COMMIT = "commit"
"""The operation of an entry that holds others: the writes of one commit."""

_PATIENCE = 10.0


class LogAheadError(VdbError):
    """The log has an entry where the next one was to be put; nothing was changed."""


class FencedError(VdbError):
    """The log has an entry of another directory of this shard."""


class CommitUnsureError(CommitUnknownError):
    """The log has the entry, or may have it, and there was no commit; its error is the cause.

    The queue of commits ends all writes of the commit with it, instead of making each alone.
    """


class LoggedCommit:
    """An entry of the log.

    Attributes:
        directory: Which directory of the shard put it.
        writes: The writes of the commit, in order; none where a new directory took the shard over.
    """

    def __init__(self, entry: LogEntry, name: str, where: str) -> None:
        fields = Fields(dict(entry.more), where)
        fields_of = fields.items("writes", 1 << 16)
        self.directory = fields.text("directory", 64)
        fields.end()
        self.writes: list[LoggedWrite] = [
            write_of(LogEntry.decode(one, name, where), where) for one in fields_of
        ]


class ShardLog:
    """The log of one shard, for one directory. Threads may share it; one at a time puts."""

    def __init__(self, store: ObjectStore, shard: str, directory: str) -> None:
        store = RetryingStore(store, _PATIENCE)
        self._log = CommitLog(store, shard)
        self._url = store.url
        self._shard = shard
        self._directory = directory

    def put(self, seq: int, entries: Sequence[LogEntry]) -> None:
        """Put the writes of a commit.

        Raises:
            LogAheadError: There is an entry of that number.
            CommitUnsureError: The store failed; whether the entry is there is not known.
        """
        name = log_name(self._shard, seq)
        writes = [entry.encode(name) for entry in entries]
        more = {"writes": writes, "directory": self._directory}
        try:
            put = self._log.put(seq, LogEntry("", COMMIT, more=more))
        except VdbError as error:
            raise CommitUnsureError(f"the log cannot be written: {error}") from error
        if not put:
            raise LogAheadError(f"{self._url}/{name} is there already")

    def own(self, seq: int) -> LoggedCommit | None:
        """The commit of a number; None where there is none.

        Raises:
            FencedError: Another directory put it.
        """
        entry = self._log.entry(seq)
        return None if entry is None else self._own(seq, entry)

    def own_after(self, seq: int) -> Iterator[tuple[int, LoggedCommit]]:
        """The commits behind a number, in order; raises as `own`."""
        for number, entry in self._log.read(after=seq):
            yield number, self._own(number, entry)

    def all_after(self, seq: int) -> Iterator[tuple[int, LoggedCommit]]:
        """The commits behind a number, in order, whichever directory put them."""
        for number, entry in self._log.read(after=seq):
            yield number, self._commit(number, entry)

    def last(self) -> int:
        """The number of the newest entry; 0 where there is none."""
        return self._log.last()

    def prune(self, upto: int) -> int:
        """Remove old entries that a backup covers; returns how many."""
        return self._log.prune(upto)

    def _own(self, seq: int, entry: LogEntry) -> LoggedCommit:
        commit = self._commit(seq, entry)
        if commit.directory != self._directory:
            raise FencedError(
                f"commit {seq} of shard {self._shard} is of another directory, which has gone on "
                "with it",
                expected=self._directory,
                received=commit.directory,
            )
        return commit

    def _commit(self, seq: int, entry: LogEntry) -> LoggedCommit:
        name = log_name(self._shard, seq)
        return LoggedCommit(entry, name, f"{self._url}/{name}")
