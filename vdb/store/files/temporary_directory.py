"""Directories in the making: named at random, private, renamed when they are whole.

The process that makes one holds a lock on it, so that it is never mistaken for the leftover of a
crash, however long it takes and whatever the clock says. Leftovers, which are locked by no process,
are removed after an hour, when the next directory of their kind is made. (The standard library's
tempfile and shutil could do the rest; they also double the time that importing vdb takes.)
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from pathlib import Path

if sys.platform != "win32":
    import fcntl

__all__ = ["STALE_SECONDS", "make", "name", "remove", "remove_stale"]

STALE_SECONDS = 3600.0
"""Directories in the making that are older, and that no process holds, were left by a crash."""

_held: dict[Path, int] = {}
"""Descriptors of those that this process makes."""


def name(prefix: str) -> str:
    """A name that is not in use."""
    return prefix + os.urandom(8).hex()


def make(parent: Path, prefix: str) -> Path:
    """A new directory of mode 0700, held until `remove`; OSError where it cannot be made."""
    remove_stale(parent, prefix)
    while True:
        new = parent / name(prefix)
        new.mkdir(mode=0o700)
        if sys.platform == "win32":  # where directories cannot be opened
            return new
        try:
            fd = _hold(new)
        except BaseException:
            with contextlib.suppress(OSError):
                new.rmdir()
            raise
        if fd >= 0:  # else another process removed it in the moment before it was held
            _held[new] = fd
            return new


def _hold(directory: Path) -> int:
    """A descriptor that holds the directory; -1 where another process does, or it is gone."""
    try:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return -1
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            os.close(fd)
            return -1
        if os.fstat(fd).st_nlink == 0:
            os.close(fd)
            return -1
    except OSError:
        os.close(fd)
        raise
    return fd


def remove(directory: Path) -> None:
    """Remove a directory of ours with the files in it, as far as that goes; it may be gone."""
    fd = _held.pop(directory, -1)
    try:
        _remove(directory)
    finally:
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)


def _remove(directory: Path) -> None:
    with contextlib.suppress(OSError):
        for file in directory.iterdir():
            if file.is_dir() and not file.is_symlink():
                _remove(file)
            else:
                file.unlink()
        directory.rmdir()


def remove_stale(parent: Path, prefix: str) -> None:
    """Remove directories of ours with that prefix that no process holds, or touched lately."""
    long_ago = time.time() - STALE_SECONDS
    with os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.is_dir(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                mine = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
                if mine and status.st_mtime < long_ago:
                    _remove_left(Path(entry.path))


def _remove_left(directory: Path) -> None:
    if sys.platform == "win32":  # files that are open cannot be removed there
        _remove(directory)
        return
    with contextlib.suppress(OSError):
        fd = _hold(directory)
        if fd >= 0:
            try:
                _remove(directory)
            finally:
                os.close(fd)
