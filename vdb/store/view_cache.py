"""The newest views of this process, and how they follow commits.

A snapshot compares LMDB's transaction number with the one of the cached views. When they are equal
nothing needs to be read. When there was a commit, of whichever process, the journals between the
two list what to forget; when they do not reach back that far, everything is read again.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet

from vdb.kernel import ResidentMemory
from vdb.store.format import journal, keys
from vdb.store.format.headers import DatabaseHeader
from vdb.store.reader import Reader
from vdb.store.views import ViewSet, Written

__all__ = ["ViewCache"]


class ViewCache:
    """Holds one `ViewSet`. Free for all threads."""

    def __init__(
        self, database: DatabaseHeader, txn_id: int, memory: ResidentMemory | None = None
    ) -> None:
        self._lock = threading.RLock()  # a signal handler may come while it is held
        self._memory = memory
        self.current = ViewSet(database, txn_id, memory)

    def at(self, reader: Reader, txn_id: int) -> ViewSet:
        """The views of the commit that `reader` sees; the cached ones if it is the newest."""
        with self._lock:
            current = self.current
            if current.txn_id == txn_id:
                return current
            reader.format_version()  # another process may be of a later release
            database = reader.database_header()
            if current.txn_id > txn_id:  # begun before a commit that another thread has seen
                return ViewSet(database, txn_id, self._memory)
            cached = current.numbers()
            changed = None
            if cached:  # other collections are not looked at, however much of them changed
                changed = _changes(reader, current.database.commit, database.commit, cached)
            if changed is None:
                later = ViewSet(database, txn_id, self._memory)
            else:
                dropped = {n for n in changed if reader.get(keys.collection(n)) is None}
                later = current.advanced(database, txn_id, changed, dropped)
            return self._keep(later)

    def committed(
        self,
        database: DatabaseHeader,
        txn_id: int,
        changed: journal.Journal,
        dropped: Collection[int],
        written: Mapping[int, Written],
    ) -> None:
        """This process committed; the same as `at`, but nothing needs to be read."""
        with self._lock:
            if self.current.database.commit == database.commit - 1:
                self._keep(self.current.advanced(database, txn_id, changed, dropped, written))

    def _keep(self, later: ViewSet) -> ViewSet:
        """Cache a set that was made from the cached one, unless a signal handler's is as new.

        Returns the set to use for that commit, of which there is one whenever possible.
        """
        if self.current.txn_id < later.txn_id:
            self.current = later
        return self.current if self.current.txn_id == later.txn_id else later

    def reset(self, database: DatabaseHeader, txn_id: int) -> None:
        """All addresses are void."""
        with self._lock:
            self.current = ViewSet(database, txn_id, self._memory)

    def forget(self) -> None:
        """Views are made anew when they are next asked for, with nothing that these have cached."""
        with self._lock:
            self.current = ViewSet(self.current.database, self.current.txn_id, self._memory)


def _changes(
    reader: Reader, older: int, newer: int, collections: AbstractSet[int]
) -> journal.Journal | None:
    """Changes of the commits after `older`, up to `newer`, in collections of these numbers.

    None when the journals do not reach back that far.
    """
    if not 0 <= newer - older <= journal.KEPT:
        return None
    changed: journal.Journal = {}
    for commit in range(older + 1, newer + 1):
        key = keys.journal(commit)
        value = reader.get(key)
        if value is None:
            return None
        body = reader.seal.unwrap(key, value)
        for number, changes in journal.decode(body, commit, of=collections).items():
            changed[number] = journal.merge(changed.get(number, {}), changes)
    return changed
