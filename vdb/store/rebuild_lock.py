"""The right to build a generation: ``rebuild.lock``, held as long as the building takes.

Building goes on beside writing, so it has a lock of its own; the writer lock is taken only for each
of its commits. There is one for a database: two builds at once would only share the processors.
The kernel frees it when its holder is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vdb.errors import BusyError
from vdb.store.lock import FileLock

__all__ = ["REBUILD_LOCK", "rebuilding"]

REBUILD_LOCK = "rebuild.lock"


@contextmanager
def rebuilding(path: Path, timeout: float, inherited: set[FileLock]) -> Iterator[None]:
    """Hold the lock of the database in `path` inside; `inherited` is what a forked child closes.

    Raises:
        BusyError: Somebody else was building for longer than `timeout`.
    """
    lock = FileLock(path / REBUILD_LOCK, create=True)
    inherited.add(lock)
    try:
        if not lock.acquire(shared=False, timeout=timeout):
            raise BusyError(
                f"another rebuild in {path} is under way; only one at a time can be",
                expected="no other rebuild",
                received=timeout,
            )
        yield
    finally:
        inherited.discard(lock)
        lock.close()
