"""One data file, one table of readers: neither is used with another partner.

LMDB finds ``data.mdb`` and ``lock.mdb`` by name, and believes that they belong together. When one
of them was replaced, exchanged or removed under a process that has it open, or has a second name,
they do not: the table's number of the newest transaction is another file's, and readers of one
file are listed where writers of it do not look. Three facts together tell, whatever was done to
the names, and in containers that share nothing but the files:

- every process that has a data file open holds a shared flock() on it;
- LMDB holds a POSIX lock on a table that is open;
- a table says which data file it belongs to (`reader_table`).

Where neither the file nor the table is in use, an opener takes both, exclusively for this moment,
and LMDB initialises the table. Where both are in use, and the table belongs to the file, their
users are the same, and one more may join. Everything else is refused, and the error names the
processes that have them open.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import NoReturn

from vdb.errors import BusyError
from vdb.store.files import registry
from vdb.store.files.directory import DATA, LOCK, Directory, identity
from vdb.store.files.file_lock import FileLock
from vdb.store.files.lmdb_errors import os_errors
from vdb.store.files.lock_holders import holders, named
from vdb.store.files.reader_table import Table

__all__ = ["is_table_used", "paired"]

PATIENCE = 1.0
"""Seconds for which only one of the two may look used, as happens while they are closed."""
_PAUSE = 0.002


class _Answer(Enum):
    PAIRED = 1
    HELD = 2  # the file is being opened, or replaced, at this moment
    APART = 3


@contextmanager
def paired(directory: Directory, share: FileLock, *, timeout: float) -> Iterator[None]:
    """LMDB may open the files of a directory inside, and must before the end; see above.

    `share` is this process's lock on the data file. It is held afterwards, shared, unless it was
    held exclusively before. This process must not have the table open.

    Raises:
        BusyError: The files are used apart, or being replaced for longer than `timeout`.
        ReadOnlyError, DiskFullError: The table may not be written, or not be made.
    """
    exclusive = share.exclusive
    began = time.monotonic()
    directory.forget(LOCK)
    try:
        with os_errors(directory.here):
            while (answer := _attempt(directory, share)) is not _Answer.PAIRED:
                patience = timeout if answer is _Answer.HELD else min(timeout, PATIENCE)
                if time.monotonic() - began >= patience:
                    _refuse(directory, answer, timeout)
                time.sleep(_PAUSE)
        yield
        if not exclusive and not share.acquire(shared=True, timeout=timeout):
            _refuse(directory, _Answer.HELD, timeout)
    except BaseException:
        directory.forget(LOCK)
        raise


def is_table_used(directory: Directory) -> bool:
    """Whether any process, this one included, has the table of readers open in LMDB."""
    if _is_ours(directory):
        return True
    table = Table.open(directory, create=False)
    if table is None:
        return False
    with table:
        return table.is_used()


def _is_ours(directory: Directory) -> bool:
    """Whether this process has the table that lies there open: then it must not be looked into."""
    try:
        table = identity(directory.status(LOCK))
    except FileNotFoundError:
        return False
    return registry.uses(LOCK, table)


def _attempt(directory: Directory, share: FileLock) -> _Answer:
    if _is_ours(directory):
        return _Answer.APART
    if share.held and not share.exclusive and _joins(directory, share):
        return _Answer.PAIRED
    if share.acquire(shared=False, timeout=0):
        if _takes(directory, share):
            return _Answer.PAIRED
        share.release()
        return _Answer.APART
    if not share.acquire(shared=True, timeout=0):
        return _Answer.HELD
    if _joins(directory, share):
        return _Answer.PAIRED
    share.release()
    return _Answer.APART


def _takes(directory: Directory, share: FileLock) -> bool:
    """The data file is in no other use: take the table too, if that is in none."""
    table = Table.open(directory, create=True)
    if table is None:
        return True
    with table:
        if table.is_used():
            return False
        table.belong_to(share.id)
        directory.claim(LOCK, table.id)
        return True


def _joins(directory: Directory, share: FileLock) -> bool:
    """Others use the data file: whether they use it with this table."""
    table = Table.open(directory, create=False)
    if table is None:
        return False
    with table:
        directory.claim(LOCK, table.id)
        return table.owner() == share.id and table.is_used()


def _refuse(directory: Directory, answer: _Answer, timeout: float) -> NoReturn:
    if answer is _Answer.HELD:
        raise BusyError(
            f"{directory.path} was being opened, compacted or restored by another process for more "
            f"than {timeout:g} s"
        )
    others = sorted({*holders(directory.here / DATA), *holders(directory.here / LOCK)})
    who = f" ({named(others)})" if others else ""
    whom = "this process" if _is_ours(directory) else f"another process{who}"
    raise BusyError(
        f"{whom} has a database open to which only one of data.mdb and lock.mdb in "
        f"{directory.path} belongs: the other was moved, removed or replaced "
        "meanwhile; close it there first",
        expected="nobody else",
        received=others,
    )
