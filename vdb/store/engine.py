"""Opening the LMDB environment itself, with the settings that vdb relies on.

- The 0.9 engine, always: py-lmdb carries a second one with another file format.
- A map of 1 TiB from the start, so that it never has to grow under a reader; it costs address space
  only. Where less can be had (ulimit -v), half, and half again.
- 1024 reader slots: the first process to open fixes their number for all.
- Never ``writemap``, ``map_async`` or ``sync=False``: with the first a full disk kills the process,
  with the others a power cut can destroy the file. ``metasync=False`` (durability "relaxed") can
  only lose the newest commit, whole: the next one's data carry its meta page to the disk with them.
- No cached read transactions, because a forked child would free the parent's reader slot.

Before the engine reads a page, the file is at least as long as its own meta page says, because
reading a page that is missing kills the process. A healthy file can be shorter (pages that a
transaction took and gave back are never written), so a short file is verified by walking it and
then lengthened; every commit lengthens it again when needed.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import lmdb

from vdb.errors import BusyError, CorruptedError
from vdb.store import reader_table, registry
from vdb.store.failures import os_errors, translate
from vdb.store.lock import FileLock
from vdb.store.reader_table import LOCK, MAX_READERS

__all__ = ["DATA", "LOCK", "lengthen", "open_checked", "open_engine"]

DATA = "data.mdb"

FULL_MAP = 1 << 40
FIRST_MAP = FULL_MAP if sys.platform != "win32" else 1 << 34
SMALLEST_MAP = 1 << 24
LARGEST_READ_AHEAD = 1 << 28
"""Bytes of the largest file that the system may read ahead in."""

SMALLEST_FILE = 8192
"""Two meta pages of the smallest page size in use."""


def open_engine(
    path: Path,
    *,
    read_only: bool,
    durability: str,
    locked: bool = True,
    first_map: int = FIRST_MAP,
) -> lmdb.Environment:
    """Open the LMDB environment in a directory that exists. Creates its files unless read-only.

    `locked=False` takes part in no locking at all: only where nobody can write.
    """
    if locked:
        reader_table.make(path)
    size = first_map
    engine = None
    while engine is None:
        try:
            engine = lmdb.open(
                str(path),
                map_size=size,
                subdir=True,
                create=False,
                readonly=read_only,
                lock=locked,
                mode=0o600,
                metasync=durability == "full",
                max_readers=MAX_READERS,
                max_spare_txns=0,
                readahead=_reads_ahead(path),
                lib_version=0,
            )
        except lmdb.MemoryError:
            size //= 2
            if size < SMALLEST_MAP:
                raise
        except lmdb.Error:
            # A forked child may open the database anew, but py-lmdb inherited that it is open.
            if not (registry.is_forked() and _forget_inherited(path)):
                raise
    if engine.lib_version()[0] != 0:
        engine.close()
        raise CorruptedError("written by another engine of LMDB", where=str(path / DATA))
    return engine


def _reads_ahead(path: Path) -> bool:
    """Whether the system shall read more of the file than is asked for.

    It makes the first searches in a small file quicker, and reads most of a large one for a walk
    that needs a hundredth of it.
    """
    try:
        return (path / DATA).stat().st_size <= LARGEST_READ_AHEAD
    except OSError:
        return True


def open_checked(
    path: Path,
    *,
    read_only: bool,
    durability: str,
    locked: bool,
    writer_lock: Path,
    timeout: float,
    first_map: int = FIRST_MAP,
    verify: str = "auto",
) -> lmdb.Environment:
    """`open_engine` for a file that exists and may be damaged; every error is one of vdb's.

    With `verify` "auto" the engine's pages are walked before one of them is read where the file
    looks short, with "full" always; with "off" a file that looks short is refused.

    Raises:
        CorruptedError: The file is cut short or otherwise not sound enough to be mapped.
        ReadOnlyError: The files may not be opened this way.
        BusyError: The pages could not be walked for `timeout` seconds, because of a writer.
        DiskError: The disk or the system failed.
    """
    data = path / DATA
    with os_errors(path):
        status = data.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise CorruptedError("expected a regular file", where=str(data))
    if status.st_size < SMALLEST_FILE:
        raise CorruptedError(f"cut short: {status.st_size} bytes", where=str(data))
    open_it = partial(
        open_engine,
        path,
        read_only=read_only,
        durability=durability,
        locked=locked,
        first_map=first_map,
    )
    try:
        if verify == "full":
            # A copy on a read-only medium may lack its lock files, and needs none.
            with os_errors(path):
                alone = read_only and not writer_lock.exists()
            held = _quiet(path, writer_lock, timeout, shared=True, create=not read_only)
            with nullcontext() if alone else held:
                _verify(path, data)
        engine = open_it()
        with _closed_on_error(engine):
            short = is_short(engine, data)
        if short:
            engine.close()
            if verify == "off":
                raise CorruptedError("looks cut short, and was not to be verified", where=str(data))
            engine = _open_short(path, open_it, writer_lock, timeout, read_only=read_only)
    except lmdb.Error as error:
        raise translate(error, path) from error
    return engine


def _open_short(
    path: Path,
    open_it: Callable[[], lmdb.Environment],
    writer_lock: Path,
    timeout: float,
    *,
    read_only: bool,
) -> lmdb.Environment:
    """Open a file that looked short, after telling a healthy one from one that was cut."""
    data = path / DATA
    # A commit that is just ending looks the same for a moment; with the lock there is none.
    with _quiet(path, writer_lock, timeout, shared=read_only, create=not read_only):
        engine = open_it()
        with _closed_on_error(engine):
            short = is_short(engine, data)
        if short:
            # The engine must not have the file open meanwhile: closing a second descriptor of its
            # files would drop its locks.
            engine.close()
            _verify(path, data)
            engine = open_it()
            if not read_only:
                with _closed_on_error(engine):
                    lengthen(engine, data)
        return engine


@contextmanager
def _closed_on_error(engine: lmdb.Environment) -> Iterator[None]:
    """Close an environment if something fails inside: it cannot be opened again before."""
    try:
        yield
    except BaseException:
        engine.close()
        raise


@contextmanager
def _quiet(
    path: Path, writer_lock: Path, timeout: float, *, shared: bool, create: bool
) -> Iterator[None]:
    """Nobody writes inside; BusyError when somebody did for `timeout` seconds."""
    lock = FileLock(writer_lock, create=create)
    try:
        if not lock.acquire(shared=shared, timeout=timeout):
            raise BusyError(f"{path} must be verified first, but is being written to")
        yield
    finally:
        lock.close()


def _verify(path: Path, data: Path) -> None:
    """Walk the whole file without mapping it; CorruptedError when it is not sound."""
    from lmdb import verify  # noqa: PLC0415  # long, and hardly ever needed

    try:
        with os_errors(data):
            problems: list[str] = verify.verify(path)  # type: ignore[no-untyped-call]
    except verify.VerifyError as error:
        problems = [str(error)]
    if problems:
        raise CorruptedError(f"cut short or damaged: {problems[0]}", where=str(data))


def _forget_inherited(path: Path) -> bool:
    return registry.forget_inherited(path / DATA, path / LOCK)


def is_short(engine: lmdb.Environment, data: Path) -> bool:
    """Whether the file ends before the last page that it says it has."""
    with os_errors(data):
        return data.stat().st_size < _needed(engine)


def _needed(engine: lmdb.Environment) -> int:
    # Both come from the meta page, which was read before the file was mapped.
    return (engine.info()["last_pgno"] + 1) * engine.stat()["psize"]


def lengthen(engine: lmdb.Environment, data: Path) -> None:
    """Give a short file its full length, without touching its content; for the writer only."""
    needed = _needed(engine)
    with os_errors(data):
        if data.stat().st_size < needed:
            os.truncate(data, needed)  # by path: no descriptor is opened, so no lock is lost
