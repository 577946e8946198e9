"""Looking after a database: what it says of itself, its check and repair, copies, compaction.

A base of the databases that users hold; each method delegates to one function below, which is
loaded when it is first asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from errno import ELOOP, ENAMETOOLONG
from functools import partial
from os import PathLike, curdir, fspath, lstat, sep
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING

from vdb.api import lazy_modules, temporary
from vdb.api.access import LiveAccess
from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import arguments, config
from vdb.model.handles import Handle
from vdb.store import Environment

if TYPE_CHECKING:
    from vdb.maintenance import info as report
    from vdb.maintenance import restore as restoring
    from vdb.maintenance.check import problems
    from vdb.maintenance.repair import repair as repairing
else:
    problems = lazy_modules.module("vdb.maintenance.check.problems")
    repairing = lazy_modules.module("vdb.maintenance.repair.repair")
    report = lazy_modules.module("vdb.maintenance.info")
    restoring = lazy_modules.module("vdb.maintenance.restore")

__all__ = ["Upkeep", "directory_of", "restore"]

_URI = re.compile(r"(?:file|sqlite|sqlite3|mem|memory):|[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""How a URI begins. Of those that need no slash, what SQLite and others call their databases."""


class Upkeep(Handle):
    """Everything that is done with a database as a whole."""

    _environment: Environment
    _access: LiveAccess

    def _place(self) -> Path:
        return self._access.path

    def info(self) -> report.DatabaseInfo:
        """Versions, sizes, readers and collections, as a dataclass.

        Example:
            print(db.info().readers)
        """
        from vdb import maintenance

        self._access.check_open()
        with self._environment.snapshot() as reader:
            return maintenance.database_info(
                self._environment, reader, read_only=self._access.read_only
            )

    def check(self) -> problems.Problems:
        """Walks everything and yields every `Problem`; nothing when it is sound.

        Never writes, never stops at the first. What it returns is an iterator, found while it is
        asked for, and true when there is a problem; printing it looks at everything. Each step sees
        one moment, the newest where others write meanwhile; the last is held until the iterator is
        exhausted or thrown away. Takes seconds for each gigabyte.

        Example:
            assert not db.check()
        """
        from vdb.maintenance.check import check

        return problems.Problems(check(self._access.pinned), Path(self._environment.path))

    def repair(
        self,
        *,
        threads: int | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> repairing.RepairReport:
        """Makes the database anew from what can be read of it, where `check` finds errors.

        Links, codes, postings and counts are made from records and vectors. A record that cannot be
        read whole is named in the report and left out; the damaged file stays in the directory as
        ``data.mdb.damaged-TIME``. Generations that were kept or not finished are given up.

        Args:
            threads: How many threads link vectors, 1..1,024; the default is one a processor.
            progress: Called with (collection, slots done, slots).

        Raises:
            BusyError: Another process has the database open, or this one reads or writes it.
            ReadOnlyError: The database is open for reading only.
            CorruptedError: What the database says about itself cannot be read.
            DiskFullError: No space is left for the new file; nothing was changed.

        Example:
            report = db.repair()
        """
        from vdb.maintenance.repair.repair import repair

        arguments.callback("progress", progress)
        self._access.check_writable()
        self._access.check_outside("repair")
        return repair(
            self._environment,
            self._access.pinned,
            threads=config.thread_count(threads),
            progress=progress,
        )

    def backup(self, path: str | PathLike[str], *, verify: bool = False) -> None:
        """Copies the database, as of this moment, into a new directory; writers need not stop.

        Free space is not copied, so deleted records are not in the copy. Pages are copied as they
        are: damage goes with them, unless the copy is verified.

        Args:
            path: The directory to be made.
            verify: Look through the whole copy, as ``vdb.open(verify="full")`` does, before it is
                there; one that is not sound is not kept. For jobs that replace older copies.

        Raises:
            CorruptedError: The copy was verified, and is not sound.
            InvalidArgumentError: There is something at that path already, or it lies inside this
                database.
            DiskFullError: No space is left there.

        Example:
            db.backup("copy.vdb", verify=True)
        """
        self._access.check_open()
        self._access.check_outside("back up")
        judge = None
        if arguments.truth("verify", verify):
            from vdb.maintenance.check.soundness import require_sound_copy

            judge = partial(require_sound_copy, original=self._environment.path)
        self._environment.copy(directory_of(path), compact=True, judge=judge)

    def compact(self) -> None:
        """Rewrites the file without its free space, giving it back to the disk.

        Raises:
            BusyError: Another process has the database open, or this one reads or writes it.
            ReadOnlyError: The database is open for reading only.
            DiskFullError: No space is left for the copy; nothing was changed.

        Example:
            db.compact()
        """
        self._access.check_writable()
        self._access.check_outside("compact")
        self._environment.compact()


def restore(
    source: str | PathLike[str],
    directory: str | PathLike[str],
    *,
    keep_old: bool = True,
    lock_timeout: float = 5.0,
    allow_network_fs: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> restoring.RestoreReport:
    """Puts a backup in the place of a database, or where there is none yet.

    The file is copied, looked through whole, and takes its place in one step, with the owner, group
    and mode of the one it replaces. Until then nothing is changed, whatever fails or stops it. The
    source stays as it is.

    Args:
        source: What `Database.backup` made: a directory, or the ``data.mdb`` in it.
        directory: The database, or a directory that is empty or missing; its parent must exist.
        keep_old: Keep the file that is replaced beside it, as ``data.mdb.replaced-TIME``.
        lock_timeout: Seconds to wait for who opens or writes the database.
        allow_network_fs: Restore on a network file system, where other machines must stay out.
        progress: Called with (what is done, bytes done, bytes).

    Raises:
        BusyError: Any process, this one included, has one of them open; it names them.
        CorruptedError: The source is not sound: the first problem is named.
        NotFoundError: There is no source, or no directory to make the database in.
        InvalidArgumentError: Something else lies where the database shall be.
        FormatVersionError: The source was written in a newer format.
        DiskFullError: No space is left for the copy.

    Example:
        vdb.restore("backup.vdb", "docs.vdb")
    """
    from vdb.maintenance.restore import restore as restore_it

    arguments.callback("progress", progress)
    return restore_it(
        directory_of(source),
        directory_of(directory),
        keep_old=arguments.truth("keep_old", keep_old),
        lock_timeout=config.timeout_seconds("lock_timeout", lock_timeout),
        allow_network_fs=arguments.truth("allow_network_fs", allow_network_fs),
        progress=progress,
    )


def directory_of(path: object) -> Path:
    """A path that was given, which names a directory; ArgumentTypeError for what is no path.

    A leading ``~`` is the user's home, as in a shell.
    """
    try:
        name = fspath(path) if isinstance(path, str | PathLike) else None
    except Exception as error:
        raise arguments.unreadable("path", path, error) from error
    if not isinstance(name, str):
        raise ArgumentTypeError(
            f"path must be a str or a path, got {type(path).__name__}",
            expected="str | os.PathLike[str]",
            received=type(path).__name__,
        )
    name = _at_home(str.__str__(name))
    if name == temporary.MEMORY:
        raise InvalidArgumentError(
            f'"{name}" is what vdb.open takes, as a str, for a temporary database; a directory of '
            f"that name is {curdir}{sep}{name}",
            expected="a path",
            received=name,
        )
    if not name or "\0" in name:
        raise InvalidArgumentError("path must name a directory", expected="a path", received=name)
    _refuse_uri(name)
    try:
        name.encode()  # as LMDB wants it
        lstat(name)
    except UnicodeEncodeError:
        raise InvalidArgumentError(
            "path must be text that UTF-8 can hold", expected="a path", received=name
        ) from None
    except OSError as error:
        if error.errno in (ENAMETOOLONG, ELOOP):
            raise InvalidArgumentError(
                f"path {arguments.shown(name)} cannot be one: {error.strerror}",
                expected="a path",
                received=name,
            ) from None
    return Path(name)


def _refuse_uri(name: str) -> None:
    """Raise InvalidArgumentError for a URI, unless it leads into a directory that is there.

    A single letter before the colon is a drive of Windows.
    """
    if _URI.match(name) and not lexists(Path(name).parts[0]):
        raise InvalidArgumentError(
            f"path must be that of a directory, got the URI {arguments.shown(name)}; "
            f'"{temporary.MEMORY}" is a temporary database',
            expected=f'a path, or "{temporary.MEMORY}" for vdb.open',
            received=name,
        )


def _at_home(name: str) -> str:
    """The path with a user's home for a leading ``~``; as it is where there is no such user."""
    try:
        return str(Path(name).expanduser()) if name.startswith("~") else name
    except (RuntimeError, ValueError):
        return name
