"""The log of a shard: one object a commit, put under the next number only where none is.

The log is the fence. Two processes that both take themselves for the shard's writer ask for the
same number; one gets it, and the other ends. Old entries are removed from the oldest on, when a
backup covers them, so a number that is not there may be one of the past; see `map_objects`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from os import urandom

from vdb.cluster.metadata import elapsed
from vdb.cluster.metadata.log_entry import LARGEST_ENTRY, LogEntry
from vdb.cluster.metadata.numbered_objects import (
    is_there,
    numbers_below,
    prune_numbered,
)
from vdb.cluster.metadata.object_names import log_name, log_prefix
from vdb.errors import CorruptedError
from vdb.maintenance.repository.object_store import ObjectStore

__all__ = ["CommitLog"]


class CommitLog:
    """Reads and writes the log of one shard. One thread at a time writes.

    Attributes:
        writer: Who this object is, in the entries that it puts; made by chance.

    Example:
        log = CommitLog(store, "papers-000003")
        for seq, entry in log.read(after=state.seq): ...
    """

    def __init__(self, store: ObjectStore, shard: str) -> None:
        self._store = store
        self._shard = shard
        self.writer = urandom(8).hex()
        self._newest = (-1, 0.0)

    def put(self, seq: int, entry: LogEntry) -> bool:
        """Put the commit of a sequence number, from 1; False where another's is there.

        False means that this process is not the shard's only writer, or was so in the past: it may
        go on after it has read what is there, if the shard is still its own by the map.

        Raises:
            RemoteError, DiskError: The store failed. Whether the entry was put is not known; the
                next call with this number tells, by the `writer` of the entry that is there.
        """
        name = log_name(self._shard, seq)
        began = elapsed.now()
        if not self._store.create(name, replace(entry, writer=self.writer).encode(name)):
            return False
        newest, when = self._newest
        trusted = newest == seq - 1 and elapsed.now() - when <= elapsed.TRUSTED
        if not trusted and self._is_of_the_past(seq):
            return False
        self._newest = (seq, began)
        return True

    def _is_of_the_past(self, seq: int) -> bool:
        """Whether an entry that was just put is a number whose entry had been removed."""
        if seq == 1 or is_there(self._store, log_name(self._shard, seq - 1)):
            return False
        later = [n for n in numbers_below(self._store, log_prefix(self._shard)) if n > seq]
        if not later:  # the log begins here
            return False
        if later[0] != seq + 1:
            self._store.delete([log_name(self._shard, seq)])
        return True

    def read(self, after: int = 0) -> Iterator[tuple[int, LogEntry]]:
        """The commits behind a sequence number, in order.

        Raises:
            CorruptedError: An entry is damaged, or the next one has been removed: the copy of the
                shard that has the commits up to `after` is too old to follow.
            FormatVersionError: A later release wrote one.
        """
        numbers = [n for n in numbers_below(self._store, log_prefix(self._shard)) if n > after]
        for seq, number in enumerate(numbers, after + 1):
            name = log_name(self._shard, seq)
            where = f"{self._store.url}/{name}"
            if seq != number:
                raise CorruptedError(
                    f"the log has no commit {seq}, and has commit {number}",
                    where=where,
                    expected=seq,
                    received=number,
                )
            content = self._store.get(name, LARGEST_ENTRY)
            if content is None:
                raise CorruptedError("the commit was removed while it was read", where=where)
            yield seq, LogEntry.decode(content, name, where)

    def entry(self, seq: int) -> LogEntry | None:
        """The commit of a sequence number; None where there is none."""
        name = log_name(self._shard, seq)
        content = self._store.get(name, LARGEST_ENTRY)
        where = f"{self._store.url}/{name}"
        return None if content is None else LogEntry.decode(content, name, where)

    def last(self) -> int:
        """The sequence number of the newest commit; 0 where there is none."""
        return max(numbers_below(self._store, log_prefix(self._shard)), default=0)

    def prune(self, upto: int, *, grace: float = elapsed.GRACE) -> int:
        """Remove commits that a backup covers; returns how many.

        Args:
            upto: The sequence number that the backup shows. That commit stays, as the fence, and so
                does the newest.
            grace: Seconds by which an entry that is removed is older than the newest.
        """
        prefix = log_prefix(self._shard)
        return prune_numbered(self._store, prefix, keep=1, grace=grace, below=upto)

    def remove(self) -> None:
        """Remove the whole log, of a shard that is no more and never comes back."""
        for seq in numbers_below(self._store, log_prefix(self._shard)):
            self._store.delete([log_name(self._shard, seq)])
