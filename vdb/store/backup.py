"""Copies of a whole database: to another directory, or in place of its own file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from vdb.errors import (
    BusyError,
    CommitUnknownError,
    DiskFullError,
    InvalidArgumentError,
    ReadOnlyError,
    VdbError,
)
from vdb.store.files import address_space, mounts, temporary_directory
from vdb.store.files.creation import confirm, sync_directory
from vdb.store.files.directory import DATA, LOCK, OPEN_LOCK, WRITER_LOCK
from vdb.store.files.file_copy import stream
from vdb.store.files.file_lock import FileLock
from vdb.store.files.file_replacement import vacant_name
from vdb.store.files.lmdb_env import open_engine
from vdb.store.files.lmdb_errors import os_errors, shown, translate
from vdb.store.files.lock_holders import holders, named
from vdb.store.files.stored_header import read_header
from vdb.store.handle import StoreHandle
from vdb.store.snapshot import Snapshot

__all__ = ["alone", "compact", "copy", "replace", "replacement"]

COPYING = ".vdb-copy-"
COMPACTING = ".vdb-compact-"
REPLACING = ".vdb-repair-"


def copy(
    handle: StoreHandle,
    target: Path,
    *,
    compact: bool,
    judge: Callable[[Path], None] | None = None,
) -> int:
    """Write the newest commit to `target`, a directory that does not exist yet; its number.

    The copy is made next to the target and renamed when it is complete and on the disk. Reading
    and writing continue meanwhile; without `compact` free pages are copied too, and writers wait.
    `judge` is called with the path of the copy before that; if it raises, no copy is left.

    Raises:
        InvalidArgumentError: Something exists at `target`.
        NotFoundError: The directory that it shall lie in does not exist.
        ReadOnlyError, DiskFullError: That directory may not be written, or has no room.
    """
    if os.path.lexists(target):
        raise InvalidArgumentError(f"{target} exists already", received=target)
    handle.check_open()
    parent = target.parent
    if handle.path == parent.resolve() or handle.path in parent.resolve().parents:
        raise InvalidArgumentError(
            f"{target} lies inside the database that is to be copied", received=target
        )
    token = handle.gate.token()
    handle.gate.enter(token, handle.lock_timeout)
    try:
        with os_errors(target):
            new = temporary_directory.make(parent, f".{target.name}{COPYING}")
        try:
            with os_errors(target):
                if compact or handle.writer_lock is None:
                    _copy_to(handle, new, compact=True)
                else:
                    with handle.writer_lock.holding(handle.lock_timeout):
                        _copy_to(handle, new, compact=False)
                commit = _commit_of(new)
                for lock in (WRITER_LOCK, OPEN_LOCK):
                    FileLock(new / lock, create=True).close()
                sync_directory(new)
                if judge is not None:
                    judge(new)
                    (new / LOCK).unlink(missing_ok=True)
                if os.path.lexists(target):
                    raise InvalidArgumentError(f"{target} exists already", received=target)
                new.rename(target)
                confirm(target)
        finally:
            temporary_directory.remove(new)
        return commit
    finally:
        handle.gate.leave(token)


def compact(handle: StoreHandle) -> None:
    """Rewrite the file of an environment without its free pages, in place.

    No other process may have the database open, because it would go on with the old file. In this
    one searches go on until the new file is put in place. A crash leaves the old file or the new.

    Raises:
        BusyError: Another process has it open, or something runs here for too long.
        ReadOnlyError: Opened for reading only.
        DiskFullError: No room for the second file.
    """
    with alone(handle):
        with os_errors(handle.directory.here):
            new = temporary_directory.make(handle.directory.here, COMPACTING)
        try:
            with os_errors(handle.directory.here):
                _copy_to(handle, new, compact=True)
                _replace(handle, new / DATA)
        finally:
            temporary_directory.remove(new)


@contextmanager
def alone(handle: StoreHandle) -> Iterator[None]:
    """No other process has the database open, and no thread writes, inside.

    Raises:
        BusyError: Another process has it open, or something writes here for too long.
        ReadOnlyError: Opened for reading only.
    """
    handle.check_open()
    if handle.writer_lock is None:
        raise ReadOnlyError(f"{handle.path} was opened with read_only=True")
    with handle.writer_lock.holding(handle.lock_timeout):
        handle.directory.check()
        with _opening_locked(handle), _open_only_here(handle):
            yield


@contextmanager
def _opening_locked(handle: StoreHandle) -> Iterator[None]:
    """No process opens the database, or makes one here, inside."""
    if handle.open_lock is not None:  # which every process that has it open holds all the time
        yield
        return
    lock = FileLock(handle.directory.here / OPEN_LOCK, create=True)
    try:
        if not lock.acquire(shared=False, timeout=handle.lock_timeout):
            raise BusyError(
                f"{handle.path} was being opened by another process for more than "
                f"{handle.lock_timeout:g} s"
            )
        yield
    finally:
        lock.close()


@contextmanager
def _open_only_here(handle: StoreHandle) -> Iterator[None]:
    try:
        # Fails or not, only the holder of the writer lock ever asks for this, so taking it back
        # shared below never waits.
        if not _announcement(handle).acquire(shared=False, timeout=0.0):
            raise _open_elsewhere(handle)
        yield
    finally:
        _announce_again(handle)


def _announcement(handle: StoreHandle) -> FileLock:
    """The lock by which other processes see that the database is open here."""
    lock = handle.open_lock or handle.file.share
    if lock is None:
        raise ReadOnlyError(f"{handle.path} was opened with read_only=True")
    return lock


def _announce_again(handle: StoreHandle) -> None:
    """Take the lock back, shared; without it the database cannot stay open."""
    try:
        _announcement(handle).acquire(shared=True, timeout=handle.lock_timeout)
    except VdbError as error:
        handle.gate.fail(f"its lock could not be taken back: {error}")
        raise CommitUnknownError(
            f"the lock that says that {handle.path} is open here could not be taken back "
            f"({error}); close the database and open it again, to see whether its file was replaced"
        ) from error
    except BaseException as error:
        handle.gate.fail(f"its lock could not be taken back: {error}")
        raise


def _open_elsewhere(handle: StoreHandle) -> BusyError:
    others = holders(handle.directory.here / (DATA if handle.open_lock is None else OPEN_LOCK))
    who = f" ({named(others)})" if others else ""
    return BusyError(
        f"{handle.path} is open in another process{who}; close it there first",
        expected="nobody else",
        received=others,
    )


@contextmanager
def replacement(handle: StoreHandle) -> Iterator[Path]:
    """A directory for a file that is to take this one's place; inside `alone`.

    It is removed at the end, with whatever `replace` has not taken out of it.
    """
    with os_errors(handle.directory.here):
        new = temporary_directory.make(handle.directory.here, REPLACING)
    try:
        # Not that one itself: scratch holds a lock on it, and writers take turns by such a lock.
        directory = new / "new"
        with os_errors(new):
            directory.mkdir(mode=0o700)
        yield directory
    finally:
        temporary_directory.remove(new)


def replace(handle: StoreHandle, new: Path, *, keep: str) -> Path:
    """Put the data file of a closed database in the place of this one's; inside `alone`.

    The old file stays in the directory under the name `keep`, with a number appended where that is
    taken; its path is returned. A crash leaves the old file or the new one.

    Raises:
        BusyError: Searches run on for longer than lock_timeout, or a snapshot is held.
        DiskError: The disk or the system failed.
    """
    with os_errors(handle.directory.here):
        kept = vacant_name(handle.directory, keep)
        _replace(handle, new / DATA, keep=kept)
    return handle.path / kept


def _replace(handle: StoreHandle, new: Path, keep: str | None = None) -> None:
    with handle.remapping():
        placed = False
        try:
            handle.file.close()
            handle.file.take_place(new, keep=keep)
            placed = True
            confirm(handle.file.data)
        finally:
            _reopen(handle, placed=placed)


def _reopen(handle: StoreHandle, *, placed: bool) -> None:
    """Open the file again, be it the old one or the new one."""
    try:
        handle.file.reopen()
    except VdbError as error:
        if not placed:
            raise
        raise CommitUnknownError(
            f"the new file of {handle.path} is in its place, but could not be opened ({error}); "
            "close the database and open it again"
        ) from error


def _commit_of(directory: Path) -> int:
    """The number of the commit that a copy shows, which nobody else has open yet."""
    try:
        engine = open_engine(
            directory,
            read_only=True,
            durability="full",
            locked=False,
            map_size=address_space.SMALLEST_MAP,
        )
        try:
            with engine.begin() as txn:
                return read_header(txn, engine.stat()["psize"], str(directory / DATA)).commit
        finally:
            engine.close()
    except lmdb.Error as error:
        raise translate(error, directory) from error


def _copy_to(handle: StoreHandle, directory: Path, *, compact: bool) -> None:
    """Copy the data file into an empty directory and see it onto the disk."""
    with Snapshot.newest(handle) as snapshot:
        total, used, *_ = snapshot.pages()
    needed = (used if compact else total) * handle.page_size
    free = mounts.free_bytes(directory)
    if free is not None and free < needed:
        raise DiskFullError(
            f"a copy of {handle.path} takes {needed:,} bytes, and {free:,} are free in "
            f"{shown(directory.parent)}",
            expected=needed,
            received=free,
        )
    try:
        with os_errors(directory):
            stream(handle.file.engine, directory / DATA, compact=compact)
    except lmdb.Error as error:
        raise translate(error, directory, needed=needed) from error
