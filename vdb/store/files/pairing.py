"""One data file, one table of readers: nobody uses either of them with another partner.

LMDB finds ``data.mdb`` and ``lock.mdb`` by name, and believes that they belong together. When one
of them was replaced, exchanged or removed under a process that has it open, or has a second name,
they do not: the table's number of the newest transaction is another file's, and readers of one
file are listed where writers of it do not look. Three facts together tell, whatever was done to
the names, and in containers that share nothing but the files:

- every process that has a data file open holds a shared flock() on it;
- LMDB holds a POSIX lock on a table that is open;
- a table says which data file it belongs to (`reader_table`).

Nobody uses the file, nor the table: whoever comes takes both, exclusively for this moment; LMDB
then makes the table anew. Somebody uses the file, and somebody the table, which belongs to the
file: then they are the same, and one more may join. Everything else is refused, and names who has
them open.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import NoReturn

from vdb.errors import BusyError
from vdb.store.files import registry
from vdb.store.files.directory import DATA, LOCK, Place, identity
from vdb.store.files.file_lock import FileLock
from vdb.store.files.lmdb_errors import os_errors
from vdb.store.files.lock_holders import holders, named
from vdb.store.files.reader_table import Table

__all__ = ["is_table_used", "paired"]

PATIENCE = 1.0
"""Seconds that file and table may look as if used apart, as they do while they are closed."""
_PAUSE = 0.002


class _Answer(Enum):
    PAIRED = 1
    HELD = 2  # somebody opens, or replaces, the file at this moment
    APART = 3


@contextmanager
def paired(place: Place, share: FileLock, *, timeout: float) -> Iterator[None]:
    """LMDB may open the files of a directory inside, and must before the end; see above.

    `share` is this process's lock on the data file. It is held afterwards, shared, unless it was
    held exclusively before. This process must not have the table open.

    Raises:
        BusyError: The files are used apart, or being replaced for longer than `timeout`.
        ReadOnlyError, DiskFullError: The table may not be written, or not be made.
    """
    exclusive = share.exclusive
    began = time.monotonic()
    place.forget(LOCK)
    try:
        with os_errors(place.here):
            while (answer := _attempt(place, share)) is not _Answer.PAIRED:
                patience = timeout if answer is _Answer.HELD else min(timeout, PATIENCE)
                if time.monotonic() - began >= patience:
                    _refuse(place, answer, timeout)
                time.sleep(_PAUSE)
        yield
        if not exclusive and not share.acquire(shared=True, timeout=timeout):
            _refuse(place, _Answer.HELD, timeout)
    except BaseException:
        place.forget(LOCK)
        raise


def is_table_used(place: Place) -> bool:
    """Whether any process, this one included, has the table of readers open in LMDB."""
    if _is_ours(place):
        return True
    table = Table.open(place, create=False)
    if table is None:
        return False
    with table:
        return table.is_used()


def _is_ours(place: Place) -> bool:
    """Whether this process has the table that lies there open: then it must not be looked into."""
    try:
        table = identity(place.status(LOCK))
    except FileNotFoundError:
        return False
    return registry.uses(LOCK, table)


def _attempt(place: Place, share: FileLock) -> _Answer:
    if _is_ours(place):
        return _Answer.APART
    if share.held and not share.exclusive and _joins(place, share):
        return _Answer.PAIRED
    if share.acquire(shared=False, timeout=0):
        if _takes(place, share):
            return _Answer.PAIRED
        share.release()
        return _Answer.APART
    if not share.acquire(shared=True, timeout=0):
        return _Answer.HELD
    if _joins(place, share):
        return _Answer.PAIRED
    share.release()
    return _Answer.APART


def _takes(place: Place, share: FileLock) -> bool:
    """Nobody else uses the data file: take the table too, if nobody uses that."""
    table = Table.open(place, create=True)
    if table is None:
        return True
    with table:
        if table.is_used():
            return False
        table.belong_to(share.id)
        place.claim(LOCK, table.id)
        return True


def _joins(place: Place, share: FileLock) -> bool:
    """Others use the data file: whether it is with this table."""
    table = Table.open(place, create=False)
    if table is None:
        return False
    with table:
        place.claim(LOCK, table.id)
        return table.owner() == share.id and table.is_used()


def _refuse(place: Place, answer: _Answer, timeout: float) -> NoReturn:
    if answer is _Answer.HELD:
        raise BusyError(
            f"{place.path} was being opened, compacted or restored by another process for more "
            f"than {timeout:g} s"
        )
    others = sorted({*holders(place.here / DATA), *holders(place.here / LOCK)})
    who = f" ({named(others)})" if others else ""
    whom = "this process" if _is_ours(place) else f"another process{who}"
    raise BusyError(
        f"{whom} has a database open to which only one of data.mdb and lock.mdb in {place.path} "
        "belongs: the other was moved, removed or replaced meanwhile; close it there first",
        expected="nobody else",
        received=others,
    )
