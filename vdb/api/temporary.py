"""Databases of one program, for the moment: ``vdb.open(":memory:")``.

Such a database lies in a directory of its own below that for temporary files, and goes when it is
closed, when nobody refers to it any more, or when the process ends by itself. What a killed process
leaves there begins with ``vdb-memory-``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path

from vdb.errors import DiskError, InvalidArgumentError

__all__ = ["MEMORY", "PLACE", "directory", "remove", "remove_after"]

MEMORY = ":memory:"
"""What is opened instead of a path."""

PLACE = "memory.vdb"
"""The database's name in its directory."""


def directory(*, create: bool, read_only: bool) -> Path:
    """A new directory for one database.

    Raises:
        InvalidArgumentError: It is to be there already.
        DiskError: None can be made.
    """
    if read_only or not create:
        wrong = "read_only=True" if read_only else "create=False"
        raise InvalidArgumentError(
            f'"{MEMORY}" is a new database each time, with nothing to be read in it: leave out '
            f"{wrong}",
            expected="a path",
            received=MEMORY,
        )
    try:
        return Path(tempfile.mkdtemp(prefix="vdb-memory-"))
    except OSError as error:
        raise DiskError(
            f"no directory for a temporary database can be made: {error.strerror}"
        ) from error


def remove(place: Path) -> None:
    """The directory with all that is in it, as far as the system lets it go."""
    shutil.rmtree(place, ignore_errors=True)


def remove_after(owner: object, place: Path) -> weakref.finalize[[Path, int], object]:
    """What removes the directory when called, and at the latest when `owner` is gone."""
    return weakref.finalize(owner, _remove_own, place, os.getpid())


def _remove_own(place: Path, pid: int) -> None:
    if os.getpid() == pid:  # a child that was forked inherits this, and not the database
        remove(place)
