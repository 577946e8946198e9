"""Every database that is open in this process, and what happens to them when it forks or ends.

A forked child inherits the memory of all of them, but not their locks: using one would damage the
parent's, and so would closing one, because LMDB would clear the parent's reader slots in the
shared lock file. So the child poisons them, closes its copies of the flock files, and keeps
everything of LMDB's alive for ever, so that no destructor runs. py-lmdb also remembers, in a set
that the child inherits, which files the process has open; `forget_inherited` takes them out of it
when the child opens one of them again.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import os
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from vdb import kernel
from vdb.errors import VdbError
from vdb.store.files.directory import Directory, FileId, identity

__all__ = [
    "abandoned",
    "add",
    "close_abandoned",
    "find",
    "forget_inherited",
    "is_changing",
    "is_forked",
    "remove",
    "uses",
]

AT_EXIT_SECONDS = 3.0
_PAUSE = 0.001
_PACKAGE = str(Path(__file__).parents[2])


class Registered(Protocol):
    """An open database: a `StoreHandle`, of which the registry needs only this.

    Attributes:
        directory: Its directory.
    """

    directory: Directory

    @property
    def data_id(self) -> FileId:
        """Device and inode of the data file."""

    def close(self, *, timeout: float | None = None) -> None:
        """Undo one `open`."""

    def end_of_process(self, timeout: float) -> None:
        """The interpreter ends."""

    def inherit(self) -> None:
        """This is a forked child, and the database is open in the parent."""


lock = threading.RLock()
"""Guards the registry, and opening and closing as a whole."""

abandoned: list[Registered] = []
"""To be closed at the next opening; see `StoreHandle.abandon`."""

_by_directory: dict[FileId, Registered] = {}
_all: set[Registered] = set()
_forked = False


def is_changing() -> bool:
    """Whether this very thread is opening or closing a database."""
    return bool(lock._is_owned())  # type: ignore[attr-defined]  # noqa: SLF001 - nothing public tells


def close_abandoned() -> None:
    """Close what the garbage collector found at a bad moment."""
    while abandoned:
        with contextlib.suppress(VdbError):
            abandoned.pop().close(timeout=0)


def file_id(path: Path) -> FileId:
    """What a file or directory is, whatever its path."""
    return identity(path.stat())


def find(directory: FileId, data: FileId) -> Registered | None:
    """The database that is open for a directory, as long as it has the file that lies there.

    A new directory can have the inode number of a deleted one.
    """
    database = _by_directory.get(directory)
    return database if database is not None and database.data_id == data else None


def uses(name: str, file: FileId) -> bool:
    """Whether a database of this process has that very file open, under this name."""
    return any(database.directory.claimed(name) == file for database in _all)


def add(directory: FileId, database: Registered) -> None:
    """Register a database that was just opened."""
    _by_directory[directory] = database
    _all.add(database)


def count() -> int:
    """How many databases are open."""
    return len(_all)


def remove(database: Registered) -> None:
    """Forget a database that was closed."""
    _all.discard(database)
    for directory, registered in list(_by_directory.items()):
        if registered is database:
            del _by_directory[directory]


def is_forked() -> bool:
    """Whether databases may have been inherited from a parent process."""
    return _forked


def forget_inherited(*paths: Path) -> bool:
    """Make py-lmdb forget that a parent process had these files open; False if it does not.

    The set is private to its extension module; it is recognised by its elements.
    """
    inherited = {("ino", *file_id(path)) for path in paths if path.exists()}
    frozen = gc.get_freeze_count() > 0
    if frozen:
        gc.unfreeze()
    try:
        for candidate in gc.get_objects():
            if (
                type(candidate) is set
                and candidate is not inherited
                and not inherited.isdisjoint(candidate)
            ):
                candidate.difference_update(inherited)
                return True
    finally:
        if frozen:
            gc.freeze()
    return False


def keep_for_ever(thing: Any) -> None:
    """Let no destructor of `thing` run, not even when the interpreter ends."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _after_fork_in_child() -> None:
    global lock, _forked  # noqa: PLW0603  # a lock may be held by a thread that is not here
    lock = threading.RLock()
    _forked = _forked or bool(_all)
    for database in _all:
        database.inherit()
    _by_directory.clear()
    _all.clear()


def _at_exit() -> None:
    """Close everything, and wait for daemon threads to leave vdb before Python goes down.

    A thread that is ended by Python itself must not be in C++ code at that moment, numpy's for
    example: unwinding that would abort the process. In calls of the kernel threads stand still.
    """
    kernel.end_calls()
    deadline = time.monotonic() + AT_EXIT_SECONDS
    try:
        for database in list(_all):
            database.end_of_process(max(0.0, deadline - time.monotonic()))
        while _is_inside_elsewhere() and time.monotonic() < deadline:
            time.sleep(_PAUSE)
    finally:
        kernel.keep_out(1.0)


def _is_inside_elsewhere() -> bool:
    """Whether another thread is in a call of vdb's."""
    for thread, outermost in sys._current_frames().items():  # noqa: SLF001 - there is no other way
        frame: FrameType | None = outermost if thread != threading.get_ident() else None
        while frame is not None:
            if frame.f_code.co_filename.startswith(_PACKAGE):
                return True
            frame = frame.f_back
    return False


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
