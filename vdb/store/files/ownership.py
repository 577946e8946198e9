"""Owner, group and mode of new files: taken over from the files that were there.

A database that a group shares stays shared when its file is rewritten or a lock file is made:
owner, group, mode and access list are those of the file that is replaced, or of the files beside
it. What the system does not allow (giving a file away, or to a group that one is not in) is left,
and then no user gets more access than before.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

__all__ = ["as_neighbors", "copy_access", "share", "take_over"]

_LISTS = "system.posix_acl_access"


def take_over(fd: int, like: os.stat_result) -> None:
    """Give an open file the owner, group and mode of another, as far as the system allows."""
    if os.name == "nt":  # pragma: no cover
        return
    mine = os.fstat(fd)
    if mine.st_uid != like.st_uid:
        with contextlib.suppress(OSError):
            os.fchown(fd, like.st_uid, -1)
    if mine.st_gid != like.st_gid:
        with contextlib.suppress(OSError):
            os.fchown(fd, -1, like.st_gid)
    now = os.fstat(fd)
    mode = stat.S_IMODE(like.st_mode)
    if now.st_gid != like.st_gid:
        mode &= ~stat.S_IRWXG  # it would be another group's
    if stat.S_IMODE(now.st_mode) != mode:
        os.fchmod(fd, mode)


def copy_access(old: Path, fd: int) -> None:
    """`take_over` from the file at a path, with its access list where there is one."""
    like = old.stat()
    take_over(fd, like)
    if hasattr(os, "getxattr") and os.fstat(fd).st_gid == like.st_gid:
        with contextlib.suppress(OSError):  # mostly: there is none
            os.setxattr(fd, _LISTS, os.getxattr(old, _LISTS))


def as_neighbors(fd: int, directory: Path, names: Iterable[str]) -> None:
    """Give an open file what the first of these files of a directory has that is there."""
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            take_over(fd, (directory / name).lstat())
            return


def share(directory: Path, like: os.stat_result) -> None:
    """Give a new database the owner, group and mode of the directory that it takes the place of.

    Only where that hands its group on to what is made in it (setgid): then it was made for a group,
    which gets as much access to the files as to the directory. Otherwise a database is private.
    """
    if os.name == "nt" or not like.st_mode & stat.S_ISGID:
        return
    group = like.st_mode & (stat.S_IRGRP | stat.S_IWGRP)
    for path in (*directory.iterdir(), directory):
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            take_over(fd, like)
            if path != directory and os.fstat(fd).st_gid == like.st_gid:
                os.fchmod(fd, stat.S_IRUSR | stat.S_IWUSR | group)
            elif path != directory:
                os.fchmod(fd, stat.S_IRUSR | stat.S_IWUSR)
        finally:
            os.close(fd)
