"""What LMDB's errors mean to a user of vdb.

LMDB reports what the system call said, so a full disk may come as ENOSPC, as EDQUOT, or (after a
short write) as a bare EIO; only the free space tells the last one from a broken disk.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from vdb.errors import (
    BusyError,
    ClosedError,
    CommitUnknownError,
    CorruptedError,
    DiskError,
    DiskFullError,
    InvalidArgumentError,
    NotFoundError,
    ReadOnlyError,
    VdbError,
)
from vdb.store.files import mounts, temporary_directory

__all__ = ["is_disk_full", "os_errors", "shown", "translate"]

_DAMAGE = (
    lmdb.CorruptedError,
    lmdb.InvalidError,
    lmdb.PageNotFoundError,
    lmdb.VersionMismatchError,
    lmdb.IncompatibleError,
    lmdb.BadDbiError,
    lmdb.CursorFullError,
    lmdb.PageFullError,
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SHORT = {
    errno.EMFILE: "this process has as many files open as it may (ulimit -n); an open database "
    "takes about six",
    errno.ENFILE: "the system has as many files open as it can (fs.file-max)",
    errno.ENOMEM: "the system has no memory or address space left for this process",
    errno.EAGAIN: "the system is short of memory or locks at this moment",
    errno.ENOLCK: "the system has no more locks for files",
}
"""What else than the disk a call may lack."""
_SPARE = 1 << 20
_BY_DESCRIPTOR = r"/proc/self/fd/(\d+)"


def shown(path: object) -> str:
    """A path as messages have it; one that goes by a descriptor as the path of what that is."""
    return re.sub(_BY_DESCRIPTOR, _target, str(path))


def _target(match: re.Match[str]) -> str:
    try:
        return str(Path(match[0]).readlink())
    except OSError:
        return match[0]


def translate(error: lmdb.Error, path: Path, *, needed: int = 0) -> Exception:
    """The error to raise instead; `needed` is how many bytes were being written, if any."""
    code = getattr(error, "code", 0)
    where, detail = shown(path), shown(error)
    if isinstance(error, _DAMAGE):
        return CorruptedError(f"the database file is damaged: {detail}", where=f"{where}/data.mdb")
    if isinstance(error, lmdb.BadTxnError):
        # A writer was told before that its batch failed: this is a reader that goes on.
        return CorruptedError(
            "the database file is damaged, and LMDB reads no more at a moment at which it has met "
            "the damage",
            where=f"{where}/data.mdb",
        )
    if isinstance(error, lmdb.MapFullError):
        return DiskFullError(
            f"the memory map of {where} is full: address space, of which this process may have so "
            "much (ulimit -v), is short. The map grows between batches, as far as there is some "
            "left and no snapshot or iterator of this process is open. Nothing was changed: close "
            "those, or write less at once, and try again"
        )
    if is_disk_full(error, path, needed):
        return DiskFullError(
            f"no space left on the disk of {where}; nothing was changed",
            expected=needed or None,
            received=mounts.free_bytes(path),
        )
    if code == errno.EROFS:
        return translate_os(OSError(code, "read-only"), path)
    if code in (errno.EACCES, errno.EPERM):
        return ReadOnlyError(
            f"no permission for the files in {where} ({detail}); even reading needs to write to "
            "lock.mdb, where readers are listed"
        )
    return _translate_rest(error, where, detail)


def _translate_rest(error: lmdb.Error, where: str, detail: str) -> Exception:
    if isinstance(error, lmdb.ReadersFullError):
        return BusyError(f"{where} has as many readers as there can be at one time")
    if isinstance(error, lmdb.LockError):
        return BusyError(
            f"{where} is locked by a process with the same process id in another PID namespace (a "
            "container); let the two share one (docker run --pid=container:NAME, pid: in a compose "
            "file, shareProcessNamespace in a pod), or put them on volumes of their own"
        )
    if isinstance(error, lmdb.MemoryError):
        return BusyError(
            f"no address space is left to map {where}: raise the limit (ulimit -v), or close "
            "databases that are not needed"
        )
    if isinstance(error, lmdb.PanicError):
        return CommitUnknownError(
            f"the disk under {where} failed during an earlier commit; close the database and open "
            "it again"
        )
    if "closed" in str(error):
        return ClosedError(f"{where} was closed while it was in use")
    code = getattr(error, "code", 0)
    if code in _SHORT:
        return _disk_error(f"{where} cannot be opened or used: {_SHORT[code]} ({detail})", code)
    return _disk_error(f"the disk under {where} failed: {detail}", code)


def _disk_error(message: str, code: int | None) -> DiskError:
    error = DiskError(message)
    error.errno = code or errno.EIO
    return error


def translate_os(error: OSError, path: Path) -> VdbError:
    """The error to raise for a failed call on a file or directory."""
    where, what = shown(path), error.strerror or str(error)
    made = ".vdb-" in Path(str(error.filename or "")).name  # under a temporary name of ours
    file = where if made else shown(error.filename or path)
    if error.errno in (errno.EACCES, errno.EPERM):
        return ReadOnlyError(f"no permission for {file}")
    if error.errno == errno.EROFS:
        return ReadOnlyError(
            f"{where} is on a read-only medium; open an existing database with read_only=True"
        )
    if error.errno == errno.ENOENT:
        if made:
            return NotFoundError(f"{where} cannot be made: {what}", received=where)
        return NotFoundError(f"there is no directory or file {file}", received=where)
    if error.errno in _FULL:
        return DiskFullError(f"no space left on the disk of {where}")
    if error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR):
        return InvalidArgumentError(f"{where} cannot be a path here: {what}")
    if error.errno in _SHORT:
        short = f"{where} cannot be opened or used: {_SHORT[error.errno]} ({what})"
        return _disk_error(short, error.errno)
    return _disk_error(f"the system cannot read or write {file}: {what}", error.errno)


@contextmanager
def os_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses inside into errors of vdb's."""
    try:
        yield
    except VdbError:
        raise
    except OSError as error:
        raise translate_os(error, path) from error


def is_disk_full(error: lmdb.Error, path: Path, needed: int) -> bool:
    """Whether a failed write failed for want of space."""
    code = getattr(error, "code", 0)
    if isinstance(error, lmdb.DiskError) or code in _FULL:
        return True
    if code != errno.EIO:
        return False
    free = mounts.free_bytes(path)
    if free is not None and free < needed + _SPARE:
        return True
    return _is_limited(path, needed)


def _is_limited(path: Path, needed: int) -> bool:
    """Whether a quota, or a limit on the size of files, keeps the data file from growing.

    Tried out on another file, of the length that the data file would have.
    """
    if not hasattr(os, "posix_fallocate") or needed == 0:
        return False
    try:
        probe = path / temporary_directory.name(".vdb-probe-")
        fd = os.open(probe, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            probe.unlink()
            os.posix_fallocate(fd, (path / "data.mdb").stat().st_size, needed)
        finally:
            os.close(fd)
    except OSError as error:
        return error.errno in _FULL
    return False
