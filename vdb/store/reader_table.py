"""LMDB's table of readers, ``lock.mdb``, with all of its room taken from the disk at once.

LMDB makes the file as one long hole and maps it. Who registers there as a reader writes to the map,
and where the disk is full by then, filling the hole fails in the only way a map knows: the process
dies (SIGBUS). So the file is made here, of zeros that are really written, before LMDB finds it
missing; it takes what it finds. A table that is there is left alone, because others may have it
open.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from vdb.store import scratch
from vdb.store.failures import os_errors

__all__ = ["LOCK", "MAX_READERS", "make"]

LOCK = "lock.mdb"
MAX_READERS = 1024

HEADER, ROW = 128, 64
"""Bytes before the first row, and of a row, on Linux; LMDB lengthens a file that is too short."""

MAKING = ".vdb-lock-"
_LEFT_TO_LMDB = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTSUP, errno.EMLINK)


def make(directory: Path) -> None:
    """Make the file in a directory if it is missing.

    Where that may not be done (a directory that cannot be written, a file system without links),
    it is left to LMDB, which says what it cannot do.

    Raises:
        DiskFullError: There is no room for it.
    """
    table = directory / LOCK
    with os_errors(table):
        if os.name == "nt" or os.path.lexists(table):
            return
        try:
            _make(directory, table)
        except FileExistsError:
            pass  # somebody else was first
        except OSError as error:
            if error.errno not in _LEFT_TO_LMDB:
                raise


def _make(directory: Path, table: Path) -> None:
    new = scratch.make(directory, MAKING)
    try:
        descriptor = os.open(new / LOCK, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a path has no mode
            file.write(bytes(HEADER + MAX_READERS * ROW))
            file.flush()
            os.fsync(descriptor)  # a power cut must not make a hole of it
        os.link(new / LOCK, table)
    finally:
        with contextlib.suppress(OSError):
            scratch.remove(new)
