"""The right to build a generation: ``rebuild.lock``, held as long as the building takes.

Building goes on while others write, so it has a lock of its own; the writer lock is taken only for
each of its commits. A database has one: two builds at once would only share the processors.
The kernel frees it when its holder is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vdb.errors import BusyError
from vdb.store.files.directory import REBUILD_LOCK, Directory
from vdb.store.files.file_lock import FileLock
from vdb.store.files.lock_holders import others

__all__ = ["REBUILD_LOCK", "rebuilding"]


@contextmanager
def rebuilding(directory: Directory, timeout: float, inherited: set[FileLock]) -> Iterator[None]:
    """Hold the lock of a database inside; `inherited` is what a forked child closes.

    Raises:
        BusyError: Another build was under way for longer than `timeout`.
    """
    directory.check()
    lock = FileLock(directory.here / REBUILD_LOCK, create=True)
    inherited.add(lock)
    try:
        if not lock.acquire(shared=False, timeout=timeout):
            raise BusyError(
                f"another rebuild in {directory.path} is under way"
                f"{others(directory.here / REBUILD_LOCK)}; only one at a time can be",
                expected="no other rebuild",
                received=timeout,
            )
        # Every commit sees to it from here on: another builder may hold a file in its place.
        directory.claim(REBUILD_LOCK, lock.id)
        yield
    finally:
        directory.forget(REBUILD_LOCK)
        inherited.discard(lock)
        lock.close()
