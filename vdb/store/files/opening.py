"""From a path to a directory that holds a database, before anything of LMDB is touched."""

from __future__ import annotations

import contextlib
import os.path
from pathlib import Path

import lmdb

from vdb.errors import (
    BusyError,
    DiskError,
    InvalidArgumentError,
    NotFoundError,
    ReadOnlyError,
    VdbError,
)
from vdb.store.files import address_space, creation, mounts
from vdb.store.files.directory import DATA, LOCK, WRITER_LOCK, Directory
from vdb.store.files.file_lock import FileLock
from vdb.store.files.lmdb_env import open_checked
from vdb.store.files.lmdb_errors import shown
from vdb.store.files.lock_holders import holders, named
from vdb.store.files.reader_table_owner import is_table_used
from vdb.store.format import keys
from vdb.store.format.versions import MAGIC

__all__ = ["locate"]


def locate(path: Path, *, create: bool, allow_network_fs: bool, timeout: float) -> None:
    """Make sure that `path` (absolute, without links) holds a database.

    Raises:
        NotFoundError: There is none and `create` is false, or its parent does not exist.
        InvalidArgumentError: Something else is there. Nothing was written.
        UnsafeFilesystemError: LMDB must not live there.
    """
    if path.is_dir():
        with contextlib.closing(Directory(path)) as directory:
            directory.vet()
        if not allow_network_fs:
            mounts.refuse_unsafe(path)
        if os.path.lexists(path / DATA):
            if not os.path.lexists(path / WRITER_LOCK):
                _refuse_foreign(path, timeout)
            return
        if creation.is_vacant(path):
            _refuse_used(path)
        else:
            raise InvalidArgumentError(
                f"{path} is a directory with other things in it, not a vdb database",
                expected="a vdb database, or an empty or missing directory",
                received=path,
            )
    elif os.path.lexists(path):
        raise InvalidArgumentError(
            f"{path} is a file; a vdb database is a directory",
            expected="a directory",
            received=path,
        )
    if not create:
        raise NotFoundError(f"there is no database at {path}", received=path)
    parent = path.parent
    if not parent.is_dir():
        raise NotFoundError(f"cannot make {path}: there is no directory {parent}", received=path)
    if not allow_network_fs:
        mounts.refuse_unsafe(path if path.is_dir() else parent)
    creation.create(path, timeout=timeout)


def _refuse_used(path: Path) -> None:
    """Refuse to make a database of what is left of one that is open: its data file is gone."""
    with contextlib.closing(Directory(path)) as directory:
        if os.name != "nt" and is_table_used(directory):
            others = holders(directory.here / LOCK)
            who = f" ({named(others)})" if others else ""
            raise BusyError(
                f"the {DATA} of {path} was removed while it is open in this or another "
                f"process{who}; close it there first",
                expected="nobody",
                received=others,
            )


def _refuse_foreign(path: Path, timeout: float) -> None:
    """Refuse a data.mdb of another program without writing so much as a lock file next to it.

    Only looked at where our own lock file is missing: when just the data file was brought here. A
    process that holds a flock() on it has it open through vdb, because LMDB itself takes none.
    """
    try:
        with contextlib.closing(Directory(path)) as directory:
            identity = _identity(directory, timeout)
    except (DiskError, BusyError, ReadOnlyError):
        raise
    except (VdbError, lmdb.Error) as error:
        raise InvalidArgumentError(
            f"{path} holds a data.mdb that is not a vdb database: {shown(error)}", received=path
        ) from error
    if not identity.startswith(MAGIC):
        raise InvalidArgumentError(
            f"{path} holds an LMDB environment that is not a vdb database", received=path
        )


def _identity(directory: Directory, timeout: float) -> bytes:
    """The value that says which program's file it is; our own where a process has it open."""
    with contextlib.ExitStack() as stack:
        if os.name != "nt":
            share = stack.enter_context(contextlib.closing(FileLock(directory.here / DATA)))
            if not share.acquire(shared=False, timeout=0):
                return MAGIC
        engine = open_checked(
            directory,
            read_only=True,
            durability="full",
            share=None,
            timeout=timeout,
            map_size=address_space.SMALLEST_MAP,  # LMDB takes as much as the file needs
        )
        with engine, engine.begin() as txn:
            return txn.get(keys.IDENTITY) or b""
