"""Opening the LMDB environment itself, with the settings that vdb relies on.

- The 0.9 engine, always: py-lmdb carries a second one with another file format.
- A map far larger than the file, 1 TiB where there is room for it, so that it hardly ever has to
  grow under a reader; it costs address space only, of which each database takes a share
  (`address_space`). Where less can be had, half, and half again.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import lmdb

from vdb.errors import BusyError, CorruptedError, StaleError
from vdb.store.files import address_space, registry
from vdb.store.files.directory import DATA, LOCK, WRITER_LOCK, Directory, identity, vet
from vdb.store.files.file_lock import FileLock
from vdb.store.files.lmdb_errors import os_errors, shown, translate
from vdb.store.files.reader_table import MAX_READERS
from vdb.store.files.reader_table_owner import paired

__all__ = ["DATA", "LOCK", "lengthen", "open_checked", "open_engine"]

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
    map_size: int,
) -> lmdb.Environment:
    """Open the LMDB environment in a directory that exists. Creates its files unless read-only.

    `locked=False` takes part in no locking at all: only where no other process writes.
    """
    size = map_size
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
            if size < address_space.SMALLEST_MAP:
                raise
        except lmdb.Error:
            # A forked child may open the database anew, but py-lmdb inherited that it is open.
            if not (registry.is_forked() and _forget_inherited(path)):
                raise
    if engine.lib_version()[0] != 0:
        engine.close()
        raise CorruptedError("written by another engine of LMDB", where=shown(path / DATA))
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
    directory: Directory,
    *,
    read_only: bool,
    durability: str,
    share: FileLock | None,
    timeout: float,
    map_size: int,
    verify: str = "auto",
) -> lmdb.Environment:
    """`open_engine` for a file that exists and may be damaged; every error is one of vdb's.

    `share` is this process's lock on the file, as `paired` wants it; without it LMDB takes part in
    no locking. With `verify` "auto" the engine's pages are walked before one of them is read where
    the file looks short, with "full" always; with "off" a file that looks short is refused.

    Raises:
        CorruptedError: The file is cut short or otherwise not sound enough to be mapped.
        ReadOnlyError: The files may not be opened this way.
        BusyError: The pages could not be walked for `timeout` seconds, because of a writer; or see
            `paired`.
        DiskError: The disk or the system failed.
    """
    data = directory.path / DATA
    with os_errors(directory.here):
        status = directory.status(DATA)
    vet(status, data)
    if status.st_size < SMALLEST_FILE:
        raise CorruptedError(f"cut short: {status.st_size} bytes", where=str(data))
    open_it = partial(
        _open_paired,
        directory,
        share,
        timeout,
        read_only=read_only,
        durability=durability,
        map_size=map_size,
    )
    try:
        if verify == "full":
            # A copy on a read-only medium may lack its lock files, and needs none.
            with os_errors(directory.here):
                alone = read_only and directory.is_missing(WRITER_LOCK)
            quiet = _quiet(directory, timeout, shared=True, create=not read_only)
            with nullcontext() if alone else quiet:
                _verify(directory)
        engine = open_it()
        with _closed_on_error(engine):
            short = is_short(engine, directory.here / DATA)
        if short:
            engine.close()
            if verify == "off":
                raise CorruptedError("looks cut short, and was not to be verified", where=str(data))
            engine = _open_short(directory, share, open_it, timeout, read_only=read_only)
    except lmdb.Error as error:
        raise translate(error, directory.here) from error
    return engine


def _open_paired(
    directory: Directory,
    share: FileLock | None,
    timeout: float,
    *,
    read_only: bool,
    durability: str,
    map_size: int,
) -> lmdb.Environment:
    engine = None
    try:
        with nullcontext() if share is None else paired(directory, share, timeout=timeout):
            engine = open_engine(
                directory.here,
                read_only=read_only,
                durability=durability,
                locked=share is not None,
                map_size=map_size,
            )
    except BaseException:
        if engine is not None:
            engine.close()
        raise
    return engine


def _open_short(
    directory: Directory,
    share: FileLock | None,
    open_it: Callable[[], lmdb.Environment],
    timeout: float,
    *,
    read_only: bool,
) -> lmdb.Environment:
    """Open a file that looked short, once it is known to be healthy and not cut."""
    # A commit that is just ending looks the same for a moment; with the lock there is none.
    with _quiet(directory, timeout, shared=read_only, create=not read_only):
        engine = open_it()
        with _closed_on_error(engine):
            short = is_short(engine, directory.here / DATA)
        if short:
            # Walking takes its time, and the file must not look used without its table meanwhile.
            engine.close()
            if share is not None and not share.exclusive:
                share.release()
            _verify(directory)
            engine = open_it()
            if not read_only:
                with _closed_on_error(engine):
                    lengthen(engine, directory)
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
def _quiet(directory: Directory, timeout: float, *, shared: bool, create: bool) -> Iterator[None]:
    """No process writes inside; BusyError when one did for `timeout` seconds."""
    lock = FileLock(directory.here / WRITER_LOCK, create=create)
    try:
        if not lock.acquire(shared=shared, timeout=timeout):
            raise BusyError(f"{directory.path} must be verified first, but is being written to")
        yield
    finally:
        lock.close()


def _verify(directory: Directory) -> None:
    """Walk the whole file without mapping it; CorruptedError when it is not sound."""
    from lmdb import verify  # noqa: PLC0415  # long, and hardly ever needed

    try:
        with os_errors(directory.here):
            problems: list[str] = verify.verify(directory.here)  # type: ignore[no-untyped-call]
    except verify.VerifyError as error:
        problems = [str(error)]
    if problems:
        raise CorruptedError(
            f"cut short or damaged: {shown(problems[0])}", where=str(directory.path / DATA)
        )


def _forget_inherited(path: Path) -> bool:
    return registry.forget_inherited(path / DATA, path / LOCK)


def is_short(engine: lmdb.Environment, data: Path) -> bool:
    """Whether the file ends before the last page that it says it has."""
    with os_errors(data):
        return data.stat().st_size < _needed(engine)


def _needed(engine: lmdb.Environment) -> int:
    # Both come from the meta page, which was read before the file was mapped.
    return (engine.info()["last_pgno"] + 1) * engine.stat()["psize"]


def lengthen(engine: lmdb.Environment, directory: Directory) -> None:
    """Give a short file its full length, without touching its content; for the writer only.

    Raises:
        StaleError: Another file lies in its place, and was left alone.
    """
    needed = _needed(engine)
    with os_errors(directory.here):
        if directory.status(DATA).st_size >= needed:
            return
        # LMDB has no lock on this file that would be lost with another descriptor of it.
        fd = directory.open_file(DATA, os.O_RDWR)
        try:
            status = os.fstat(fd)
            if directory.claimed(DATA) not in (None, identity(status)):
                raise StaleError(f"another {DATA} lies in {directory.path} now")
            if status.st_size < needed:
                os.ftruncate(fd, needed)
        finally:
            os.close(fd)
