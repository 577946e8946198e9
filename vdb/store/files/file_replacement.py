"""Another data file in the place of one that is there: for compaction, repair and restoring.

It takes three locks: ``writer.lock``, so that no process writes; ``open.lock``, exclusively, so
that none opens the database; and the one on the data file, exclusively, so that none has it open.

The old file can stay under another name. It gets that name before the new one takes its place, so
for a moment it has two; what a crash leaves of that moment, `drop_second_names` takes away.
"""

from __future__ import annotations

import contextlib
import os
from itertools import count
from pathlib import Path

from vdb.errors import DiskError
from vdb.store.files import ownership
from vdb.store.files.directory import DATA, Directory, identity
from vdb.store.files.file_lock import FileLock

__all__ = ["drop_second_names", "put_in_place", "vacant_name"]

KEPT = f"{DATA}."


def vacant_name(directory: Directory, base: str) -> str:
    """A name that is not in use in the directory: `base`, or with a number appended."""
    names = (base if i == 1 else f"{base}-{i}" for i in count(1))
    return next(name for name in names if directory.is_missing(name))


def put_in_place(directory: Directory, new: Path, *, keep: str | None = None) -> FileLock:
    """Put a file in the place of the data file, with its owner, group and mode.

    The old one is kept under the name `keep`, if that is given. Returns the new one's lock, held
    exclusively.

    Raises:
        StaleError: The path leads no longer to this directory or file; nothing was touched.
        OSError: The disk or the system failed; the old file is in its place.
    """
    data = directory.here / DATA
    share = FileLock(new, writable=True)
    second_name = None
    try:
        share.acquire(shared=False, timeout=0)
        with contextlib.suppress(FileNotFoundError):  # one that was lost is being restored
            ownership.copy_access(data, share.fd)
        if keep is not None:
            try:
                os.link(data, directory.here / keep)
            except OSError as error:
                raise DiskError(
                    f"cannot keep the old file as {directory.path / keep}: {error.strerror}"
                ) from error
            second_name = directory.here / keep
        directory.check()  # as late as can be
        new.replace(data)
    except BaseException:
        share.close()
        if second_name is not None:
            with contextlib.suppress(OSError):
                second_name.unlink()
        raise
    directory.claim(DATA, share.id)
    return share


def drop_second_names(directory: Directory) -> None:
    """Take from the data file the name under which it was about to be kept when a crash came."""
    if directory.is_missing(DATA):
        return
    status = directory.status(DATA)
    if status.st_nlink < 2:
        return
    for file in directory.here.iterdir():
        with contextlib.suppress(OSError):
            if file.name.startswith(KEPT) and identity(file.lstat()) == identity(status):
                file.unlink()
