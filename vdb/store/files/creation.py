"""Making a new database: all of it, or nothing that looks like one.

1. A directory with a random name, mode 0700, is made next to the target.
2. The LMDB environment is made in it; identity and database header are committed; the lock files
   are added; everything is synced.
3. The directory is renamed onto the target, which may be missing or an empty directory.

Where step 3 cannot be done, because the target is a mount point or its parent may not be written,
the random directory is made inside the target instead, and ``data.mdb`` is moved out of it last: a
directory without ``data.mdb`` is no database.

Two processes may create the same database at once: the second finds it made and opens it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

import lmdb

from vdb.errors import BusyError, CommitUnknownError
from vdb.model.version import __version__
from vdb.store.files import address_space, ownership, temporary_directory
from vdb.store.files.directory import DATA, LOCK, OPEN_LOCK, REBUILD_LOCK, WRITER_LOCK
from vdb.store.files.file_lock import FileLock
from vdb.store.files.lmdb_env import open_engine
from vdb.store.files.lmdb_errors import os_errors, shown, translate
from vdb.store.format import keys
from vdb.store.format.blocks import BIG_BLOCK, small_block
from vdb.store.format.checksums import UNSALTED
from vdb.store.format.headers import DatabaseHeader
from vdb.store.format.versions import INITIAL

__all__ = ["confirm", "create", "create_empty", "is_vacant", "sync_directory"]

INFIX = ".vdb-new-"
"""What the name of a directory in the making has in it, after the name of the target."""

MAKING = ".vdb-"
"""What names in the directory of a database begin with as long as something is made there."""

_OURS = frozenset({WRITER_LOCK, OPEN_LOCK, REBUILD_LOCK, LOCK})
_NEUTRAL = frozenset({"lost+found"})  # at the top of a freshly made file system
_NO_RENAME = (errno.EBUSY, errno.EXDEV, errno.EPERM, errno.EACCES, errno.EROFS)
_LOST_RACE = (errno.ENOTEMPTY, errno.EEXIST)


def is_vacant(path: Path) -> bool:
    """Whether an existing directory may become a database: empty, but for our own leftovers."""
    return all(
        entry.name in _OURS or entry.name in _NEUTRAL or entry.name.startswith(MAKING)
        for entry in path.iterdir()
    )


def create(path: Path, *, timeout: float) -> None:
    """Make a database at `path`, which is missing or vacant, unless another process was first.

    Raises:
        ReadOnlyError: Neither the target nor its parent may be written.
        DiskFullError: No space left.
    """
    with os_errors(path):
        if not _create_beside(path):
            _create_inside(path, timeout)


def _create_beside(path: Path) -> bool:
    """Steps 1 to 3; False when it can only be done from inside."""
    try:
        new = temporary_directory.make(path.parent, f".{path.name}{INFIX}")
    except OSError:
        if path.is_dir():
            return False
        raise
    try:
        create_empty(new)
        if path.is_dir():
            ownership.share(new, path.stat())
        if not _rename(new, path):
            return False
        confirm(path)
    finally:
        temporary_directory.remove(new)
    return True


def create_empty(directory: Path) -> None:
    """Step 2: an environment with nothing but identity and header, in an empty directory."""
    engine = None
    try:
        engine = open_engine(
            directory,
            read_only=False,
            durability="full",
            locked=False,
            map_size=address_space.SMALLEST_MAP,
        )
        page_size = engine.stat()["psize"]
        header = DatabaseHeader(
            uuid=os.urandom(16),
            page_size=page_size,
            small_block=small_block(page_size),
            big_block=BIG_BLOCK,
            created=time.time(),
            version=__version__,
            commit=1,
            next_collection=1,
        )
        with engine.begin(write=True) as txn:
            txn.put(keys.IDENTITY, INITIAL.encode())
            txn.put(keys.DATABASE, UNSALTED.wrap(keys.DATABASE, header.encode()))
    except lmdb.Error as error:
        raise translate(error, directory) from error
    finally:
        if engine is not None:
            engine.close()
    for name in (WRITER_LOCK, OPEN_LOCK):
        FileLock(directory / name, create=True).close()
    sync_directory(directory)


def _rename(new: Path, path: Path) -> bool:
    """Step 3; False when it can only be done from inside."""
    if os.name == "nt" and path.is_dir():  # pragma: no cover
        with contextlib.suppress(OSError):
            path.rmdir()
    try:
        new.rename(path)
    except OSError as error:
        if error.errno in _LOST_RACE:
            return (path / DATA).exists()  # made by another process, or vacant
        if error.errno in _NO_RENAME:
            return False
        raise
    return True


def _create_inside(path: Path, timeout: float) -> None:
    new = temporary_directory.make(path, INFIX)
    try:
        create_empty(new)
        ownership.share(new, path.stat())
        lock = FileLock(path / WRITER_LOCK, create=True)
        try:
            # Held by any other process that creates inside the same directory, for a moment.
            if not lock.acquire(shared=False, timeout=timeout):
                raise BusyError(f"{path} is being made by another process")
            if not (path / DATA).exists():
                ownership.as_neighbors(lock.fd, new, (WRITER_LOCK,))
                FileLock(path / OPEN_LOCK, create=True).close()
                (new / DATA).rename(path / DATA)
                confirm(path / DATA)
        finally:
            lock.close()
    finally:
        temporary_directory.remove(new)


def confirm(path: Path) -> None:
    """Make the name of what was just put in its place last through a power cut.

    Raises:
        CommitUnknownError: The disk failed. It is there, and may be gone after a power cut.
    """
    try:
        sync_directory(path.parent)
    except OSError as error:
        raise CommitUnknownError(
            f"{shown(path)} was put in its place, but the disk failed when that was to be made "
            f"lasting: {error.strerror}"
        ) from error


def sync_directory(path: Path) -> None:
    """Make renames and new names in a directory last through a power cut."""
    if os.name == "nt":  # pragma: no cover
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
