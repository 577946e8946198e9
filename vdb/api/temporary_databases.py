"""Temporary databases: ``vdb.temporary()``, or ``vdb.open(":memory:")``.

Such a database lies in its own directory below the system's directory for temporary files. It is
removed when it is closed, when it has no references any more, or when the process exits. A killed
process leaves a directory whose name begins with ``vdb-memory-``; the first temporary database of a
later process removes it. A lock, which the system drops with its process, says which are in use.
"""

from __future__ import annotations

import contextlib
import os
import sys
import weakref
from pathlib import Path

from vdb.errors import DiskError, InvalidArgumentError

__all__ = ["MEMORY", "PLACE", "directory", "remove", "remove_after"]

MEMORY = ":memory:"
"""The word that stands in place of a path."""

PLACE = "memory.vdb"
"""The database's name in its directory."""

_PREFIX = "vdb-memory-"
_LOCK = "in-use.lock"

_locks: dict[Path, int] = {}
"""Descriptors of the locks that this process holds."""

_swept: set[Path] = set()
"""Directories for temporary files in which this process has looked for abandoned databases."""

if sys.platform == "win32":  # pragma: no cover

    def _lock(place: Path) -> None:
        """Nothing: no database is removed for another process here."""

    def _is_abandoned(place: Path) -> bool:  # noqa: ARG001 - as below
        return False
else:
    import fcntl

    def _lock(place: Path) -> None:
        """Hold the lock of a new directory until it is removed."""
        _locks[place] = descriptor = os.open(place / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _is_abandoned(place: Path) -> bool:
        """Whether a directory of this user is one whose process is gone."""
        if place.is_symlink() or place in _locks or place.stat().st_uid != os.getuid():
            return False
        try:
            descriptor = os.open(place / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:  # just being made
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True


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
        place = Path(tempfile.mkdtemp(prefix=_PREFIX))
        _lock(place)
    except OSError as error:
        raise DiskError(
            f"no directory for a temporary database can be made: {error.strerror}"
        ) from error
    _remove_abandoned(place.parent)
    return place


def remove(path: Path) -> None:
    """Remove the directory with all its files, as far as the system permits."""
    import shutil

    shutil.rmtree(path, ignore_errors=True)
    descriptor = _locks.pop(path, None)
    if descriptor is not None:
        os.close(descriptor)


def _remove_abandoned(parent: Path) -> None:
    """Remove what killed processes have left; looks once for a process."""
    if parent in _swept:
        return
    _swept.add(parent)
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        names = [entry.name for entry in entries if entry.name.startswith(_PREFIX)]
        for place in map(parent.joinpath, names):
            with contextlib.suppress(OSError):
                if _is_abandoned(place):
                    remove(place)


def remove_after(owner: object, path: Path) -> weakref.finalize[[Path, int], object]:
    """A finalizer that removes the directory when called, or when `owner` is deleted."""
    return weakref.finalize(owner, _remove_own, path, os.getpid())


def _remove_own(path: Path, pid: int) -> None:
    if os.getpid() == pid:  # a forked child inherits the finalizer, but not the database
        remove(path)
