"""Another data file in the place of one that is there: for compaction, repair and restoring.

Whoever does it has the database for himself: he holds ``writer.lock``, so that nobody writes;
``open.lock`` exclusively, so that nobody opens it; and the lock on the data file exclusively, so
that nobody has it open.

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
from vdb.store.files.directory import DATA, Place, identity
from vdb.store.files.file_lock import FileLock

__all__ = ["drop_second_names", "put_in_place", "vacant_name"]

KEPT = f"{DATA}."


def vacant_name(place: Place, wanted: str) -> str:
    """A name in the directory that nothing has, with a number behind it where that is taken."""
    names = (wanted if i == 1 else f"{wanted}-{i}" for i in count(1))
    return next(name for name in names if place.is_missing(name))


def put_in_place(place: Place, new: Path, *, keep: str | None = None) -> FileLock:
    """Put a file in the place of the data file, with its owner, group and mode.

    The old one is kept under the name `keep`, if that is given. Returns the new one's lock, held
    exclusively.

    Raises:
        StaleError: The path leads no longer to this directory or file; nothing was touched.
        OSError: The disk or the system failed; the old file is in its place.
    """
    data = place.here / DATA
    share = FileLock(new, writable=True)
    kept = None
    try:
        share.acquire(shared=False, timeout=0)
        with contextlib.suppress(FileNotFoundError):  # one that was lost is being restored
            ownership.copy_access(data, share.fd)
        if keep is not None:
            try:
                os.link(data, place.here / keep)
            except OSError as error:
                raise DiskError(
                    f"cannot keep the old file as {place.path / keep}: {error.strerror}"
                ) from error
            kept = place.here / keep
        place.check()  # as late as can be
        new.replace(data)
    except BaseException:
        share.close()
        if kept is not None:
            with contextlib.suppress(OSError):
                kept.unlink()
        raise
    place.claim(DATA, share.id)
    return share


def drop_second_names(place: Place) -> None:
    """Take from the data file the name under which it was about to be kept when a crash came."""
    if place.is_missing(DATA):
        return
    status = place.status(DATA)
    if status.st_nlink < 2:
        return
    for file in place.here.iterdir():
        with contextlib.suppress(OSError):
            if file.name.startswith(KEPT) and identity(file.lstat()) == identity(status):
                file.unlink()
