"""From a path to a directory that holds a database, before anything of LMDB is touched."""

from __future__ import annotations

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
from vdb.format import keys
from vdb.format.versions import MAGIC
from vdb.store import creation, mounts
from vdb.store.engine import DATA, open_checked

__all__ = ["locate"]


def locate(path: Path, *, create: bool, allow_network_fs: bool, timeout: float) -> None:
    """See to it that `path` (absolute, without links) holds a database.

    Raises:
        NotFoundError: There is none and `create` is false, or its parent does not exist.
        InvalidArgumentError: Something else is there. Nothing was written.
        UnsafeFilesystemError: LMDB must not live there.
    """
    if path.is_dir():
        if not allow_network_fs:
            mounts.refuse_unsafe(path)
        if os.path.lexists(path / DATA):
            if not (path / creation.WRITER_LOCK).exists():
                _refuse_foreign(path, timeout)
            return
        if not creation.is_vacant(path):
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


def _refuse_foreign(path: Path, timeout: float) -> None:
    """Refuse somebody else's data.mdb without writing so much as a lock file beside it.

    Only looked at where our own lock file is missing: when just the data file was brought here.
    """
    try:
        engine = open_checked(
            path,
            read_only=True,
            durability="full",
            locked=False,
            writer_lock=path / DATA,  # any file will do: nobody else is here
            timeout=timeout,
        )
        try:
            with engine.begin() as txn:
                identity = txn.get(keys.IDENTITY) or b""
        finally:
            engine.close()
    except (DiskError, BusyError, ReadOnlyError):
        raise
    except (VdbError, lmdb.Error) as error:
        raise InvalidArgumentError(
            f"{path} holds a data.mdb that is not a vdb database: {error}", received=path
        ) from error
    if not identity.startswith(MAGIC):
        raise InvalidArgumentError(
            f"{path} holds an LMDB environment that is not a vdb database", received=path
        )
