"""Temporary databases: ``vdb.open(":memory:")``.

Such a database lies in its own directory below the system's directory for temporary files. It is
removed when it is closed, when it has no references any more, or when the process exits. A killed
process leaves a directory whose name begins with ``vdb-memory-``.
"""

from __future__ import annotations

import os
import weakref
from pathlib import Path

from vdb.errors import DiskError, InvalidArgumentError

__all__ = ["MEMORY", "PLACE", "directory", "remove", "remove_after"]

MEMORY = ":memory:"
"""The word that stands in place of a path."""

PLACE = "memory.vdb"
"""The database's name in its directory."""


def directory(*, create: bool, read_only: bool) -> Path:
    """A new directory for one database.

    Raises:
        InvalidArgumentError: The arguments ask for an existing database.
        DiskError: No directory can be created.
    """
    if read_only or not create:
        conflict = "read_only=True" if read_only else "create=False"
        raise InvalidArgumentError(
            f'"{MEMORY}" is a new database each time, with nothing to be read in it: leave out '
            f"{conflict}",
            expected="a path",
            received=MEMORY,
        )
    import tempfile

    try:
        return Path(tempfile.mkdtemp(prefix="vdb-memory-"))
    except OSError as error:
        raise DiskError(
            f"no directory for a temporary database can be made: {error.strerror}"
        ) from error


def remove(path: Path) -> None:
    """Remove the directory with all its files, as far as the system permits."""
    import shutil

    shutil.rmtree(path, ignore_errors=True)


def remove_after(owner: object, path: Path) -> weakref.finalize[[Path, int], object]:
    """A finalizer that removes the directory when called, or when `owner` is deleted."""
    return weakref.finalize(owner, _remove_own, path, os.getpid())


def _remove_own(path: Path, pid: int) -> None:
    if os.getpid() == pid:  # a forked child inherits the finalizer, but not the database
        remove(path)
