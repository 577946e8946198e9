"""The directory of an open database: what is done in it, and whether its path still leads there.

A path can be made to lead elsewhere while a database is open: by a directory that is moved,
removed or exchanged, by a file that is put in the place of another. Whatever follows the path
afterwards acts on a stranger's files. So a `Directory` keeps the directory itself:

- `here` is a path that leads into this directory and no other, where the system has such paths
  (Linux, ``/proc/self/fd``). Everything that is done inside goes by it.
- `check` says whether the path still leads to this directory and the names in it to the files that
  were *claimed*: those that this process has open. Every commit asks, before and after.

A directory's ctime changes with every name that is put into it or taken out of it, and cannot be
set back. So once everything has been looked at, one look at the directory is enough until its
ctime moves; except that a change within the same tick of the system's clock would not show, so a
ctime must have some age before it is relied on.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from pathlib import Path
from typing import NoReturn, TypeAlias

from vdb.errors import CorruptedError, InvalidArgumentError, StaleError
from vdb.store.files.lmdb_errors import os_errors, translate_os

__all__ = ["FILES", "Directory", "FileId", "identity", "vet"]

FileId: TypeAlias = tuple[int, int]
"""(st_dev, st_ino)"""

DATA, LOCK = "data.mdb", "lock.mdb"
WRITER_LOCK, OPEN_LOCK, REBUILD_LOCK = "writer.lock", "open.lock", "rebuild.lock"
FILES = (DATA, LOCK, WRITER_LOCK, OPEN_LOCK, REBUILD_LOCK)
"""All files of a database."""

GLANCE_SECONDS = 0.01
"""How often readers check that the files that they read are still in place."""

_TICK_NS = 50_000_000
"""More than a tick of any system's clock of files."""
_WHOLE_SECONDS_NS = 3_000_000_000
"""The same where the file system keeps whole seconds."""

_LEADS_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES)
_NOWHERE = Path("/proc/self/fd/closed")
_HAS_DESCRIPTORS = os.name != "nt"
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def identity(status: os.stat_result) -> FileId:
    """What a file or directory is, whatever its path."""
    return status.st_dev, status.st_ino


def vet(status: os.stat_result, path: Path, *, names: int | None = 1) -> None:
    """Refuse what is no regular file, or has more than so many names.

    Raises:
        CorruptedError: A link, a directory, a pipe: opening it would reach another file.
        InvalidArgumentError: It has a second name (a hard link), under which others may open it
            with locks of their own.
    """
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        described = _KINDS.get(kind, "something else")
        raise CorruptedError(
            f"expected a regular file, found {described}; nothing was opened",
            where=str(path),
            expected="a regular file",
            received=described,
        )
    if names is not None and status.st_nlink > names:
        raise InvalidArgumentError(
            f"{path} has {status.st_nlink} names (hard links), and who opens it under another is "
            "not kept apart from who opens it here; put a copy in its place",
            expected=1,
            received=status.st_nlink,
        )


class Directory:
    """One directory, held open.

    Threads: any number may check at once. `claim` and `forget` are for the code that opens and
        closes files.

    Attributes:
        path: Where it lay when it was opened; absolute, without links.
        here: The same directory for as long as this object is open, wherever it is moved.
        fd: Its descriptor; -1 where the system has none for directories.
        id: Device and inode.
    """

    def __init__(self, path: Path) -> None:
        """Open it; OSErrors come as errors of vdb's."""
        self.path = path
        self._text = str(path)
        self.fd = -1
        self._claims: dict[str, FileId] = {}
        self._settled = -1
        self._looked = 0.0
        with os_errors(path):
            if _HAS_DESCRIPTORS:
                self.fd = self._open(path)
            try:
                self.id = identity(os.fstat(self.fd) if _HAS_DESCRIPTORS else path.stat())
                self.here = self._by_descriptor()
            except BaseException:
                self.close()
                raise

    def _open(self, path: Path) -> int:
        flags = os.O_DIRECTORY | os.O_CLOEXEC
        try:
            return os.open(path, os.O_RDONLY | flags)
        except PermissionError:
            # Not to be listed, but files in it may be opened by name.
            return os.open(path, getattr(os, "O_PATH", os.O_RDONLY) | flags)

    def _by_descriptor(self) -> Path:
        if sys.platform == "linux":
            here = Path(f"/proc/self/fd/{self.fd}")
            try:
                if identity(here.stat()) == self.id:
                    return here
            except OSError:
                pass  # no /proc
        return self.path

    def close(self) -> None:
        """Let go of it. May be called again."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            self.here = _NOWHERE  # the number will be another's
            os.close(fd)

    def status(self, name: str) -> os.stat_result:
        """What lies in the directory under a name, links not followed; OSError if nothing does."""
        if self.fd >= 0:
            return os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        return (self.here / name).lstat()

    def vet(self) -> None:
        """Refuse what is no regular file of this directory, before any of it is opened; see `vet`.

        A missing file is fine, and so is a second name of the data file here: it may be what a
        crash left, and is looked at when the file is opened.
        """
        for name in FILES:
            try:
                status = self.status(name)
            except FileNotFoundError:
                continue
            vet(status, self.path / name, names=2 if name == DATA else 1)

    # Whether the path leads here

    def claim(self, name: str, file: FileId) -> None:
        """This process has that file open under this name of the directory."""
        self._claims = {**self._claims, name: file}
        self._settled = -1

    def forget(self, *names: str) -> None:
        """These are not open any more."""
        self._claims = {name: id_ for name, id_ in self._claims.items() if name not in names}

    def claimed(self, name: str) -> FileId | None:
        """The file that is open under a name, if one is."""
        return self._claims.get(name)

    def check_reading(self) -> bool:
        """See that the files that a reader has open still lie in this directory, wherever that is.

        A directory that was moved can be read on. A file that was replaced in it must be let go of:
        as long as it is open, nobody can open the other one. Looked at now and then only: see
        `GLANCE_SECONDS`. The answer is whether it was.

        Raises:
            StaleError: One was replaced or removed.
        """
        now = time.monotonic()
        if now - self._looked <= GLANCE_SECONDS:
            return False
        for name in (DATA, LOCK):
            if name in self._claims:
                self._see(name)
        self._looked = now
        return True

    def check(self) -> None:
        """See that the path leads to this directory, and its names to the files that are open.

        Raises:
            StaleError: It does not. Nothing was touched.
        """
        try:
            status = os.stat(self._text)  # noqa: PTH116 - in every commit: half the time of Path's
        except OSError as error:
            self._unseen(error, "it leads nowhere")
        if (status.st_dev, status.st_ino) != self.id:
            self._stale("another directory lies there")
        ctime = status.st_ctime_ns
        if ctime == self._settled:
            return
        claims = self._claims
        for name in claims:
            self._see(name)
        age = _WHOLE_SECONDS_NS if ctime % 1_000_000_000 == 0 else _TICK_NS
        if claims is self._claims and _HAS_DESCRIPTORS and time.time_ns() - ctime > age:
            self._settled = ctime

    def check_late(self) -> None:
        """`check`, unless the directory is as `check` has found it; moving it shows in it, too."""
        try:
            settled = self.fd >= 0 and os.fstat(self.fd).st_ctime_ns == self._settled
        except OSError as error:
            raise translate_os(error, self.path) from error
        if not settled:
            self.check()

    def _see(self, name: str) -> None:
        claimed = self._claims.get(name)
        try:
            present = identity(self.status(name))
        except OSError as error:
            self._unseen(error, f"{name} is gone")
        if claimed is not None and present != claimed:
            self._stale(f"another {name} lies there")

    def _unseen(self, error: OSError, what: str) -> NoReturn:
        if error.errno in _LEADS_NOWHERE:
            self._stale(f"{what} ({error.strerror})")
        raise translate_os(error, self.path) from error

    def _stale(self, what: str) -> NoReturn:
        raise StaleError(
            f"{self.path} is no longer the database that is open here: {what}; nothing was "
            "changed. Close the database and open it again",
            expected=self.id,
        )

    # Files

    def open_file(self, name: str, flags: int, mode: int = 0o600) -> int:
        """A descriptor of a file of this directory; links are not followed.

        Raises:
            OSError: As `os.open`; ELOOP for a symbolic link.
        """
        flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        if self.fd >= 0:
            return os.open(name, flags, mode, dir_fd=self.fd)
        return os.open(self.here / name, flags, mode)

    def is_missing(self, name: str) -> bool:
        """Whether nothing lies under a name."""
        try:
            self.status(name)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return True
            raise
        return False
