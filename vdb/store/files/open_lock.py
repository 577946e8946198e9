"""The lock that says to other processes that a database is open, or being opened.

While a database is being opened, ``open.lock`` is held shared, so that no file is replaced
meanwhile. Once it is open, LMDB's table of readers and the lock on ``data.mdb`` say so (`pairing`);
where these are not to be had, the lock stays until the end:

- On a read-only medium LMDB keeps no table, so nothing would stop a writer, through another mount
  of it, from reusing pages that are being read. There ``writer.lock`` itself is held, shared: many
  processes may read, none can write.
- On Windows ``data.mdb`` itself is not locked.
"""

from __future__ import annotations

from vdb.errors import BusyError, NotFoundError, ReadOnlyError
from vdb.store.files.directory import OPEN_LOCK, WRITER_LOCK, Directory
from vdb.store.files.file_lock import FileLock

__all__ = ["acquire"]


def acquire(directory: Directory, *, on_read_only_medium: bool, timeout: float) -> FileLock:
    """The lock of a directory, held shared.

    Raises:
        BusyError: A process held it exclusively for longer than `timeout` seconds.
        ReadOnlyError: The lock file is missing, and cannot be made.
    """
    lock = _writer_lock(directory) if on_read_only_medium else _open_lock(directory)
    try:
        acquired = lock.acquire(shared=True, timeout=timeout)
    except BaseException:
        lock.close()
        raise
    if not acquired:
        lock.close()
        raise BusyError(
            f"{directory.path} was being compacted or written to by another process for more than "
            f"{timeout:g} s"
        )
    return lock


def _writer_lock(directory: Directory) -> FileLock:
    try:
        return FileLock(directory.here / WRITER_LOCK)
    except NotFoundError:
        raise ReadOnlyError(
            f"{directory.path} is on a read-only medium and has no {WRITER_LOCK}, without which "
            "readers cannot be kept apart from a writer; make such copies with backup()"
        ) from None


def _open_lock(directory: Directory) -> FileLock:
    try:
        return FileLock(directory.here / OPEN_LOCK, create=True)
    except ReadOnlyError as error:
        try:
            return FileLock(directory.here / OPEN_LOCK)
        except NotFoundError:
            raise error from None  # a copy of the data file alone, on a read-only medium
