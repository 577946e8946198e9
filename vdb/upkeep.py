"""Looking after a database: what it says of itself, its check and repair, copies, compaction.

A base of the databases that users hold; each method delegates to one function below, which is
loaded when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import ELOOP, ENAMETOOLONG
from os import PathLike, fspath, lstat
from pathlib import Path
from typing import TYPE_CHECKING

from vdb import arguments, config, later
from vdb.access import LiveAccess
from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.store import Environment

if TYPE_CHECKING:
    from vdb.maintenance import problems, report
    from vdb.maintenance import repair as repairing
else:
    problems = later.module("vdb.maintenance.problems")
    repairing = later.module("vdb.maintenance.repair")
    report = later.module("vdb.maintenance.report")

__all__ = ["Upkeep", "directory_of"]


class Upkeep:
    """Everything that is done with a database as a whole."""

    _environment: Environment
    _access: LiveAccess

    def info(self) -> report.DatabaseInfo:
        """Versions, sizes, readers and collections, as a dataclass."""
        from vdb import maintenance

        self._access.check_open()
        with self._environment.snapshot() as reader:
            return maintenance.database_info(
                self._environment, reader, read_only=self._access.read_only
            )

    def check(self) -> problems.Problems:
        """Walks everything at one moment and yields every `Problem`; nothing when it is sound.

        Never writes, never stops at the first. What it returns is an iterator, found while it is
        asked for, and true when there is a problem; printing it looks at everything. The moment is
        held until it is exhausted or thrown away. Takes seconds for each gigabyte.
        """
        from vdb import maintenance

        return problems.Problems(
            maintenance.check(self._access.pinned), Path(self._environment.path)
        )

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
        """
        from vdb.maintenance.repair import repair

        arguments.callback("progress", progress)
        self._access.check_writable()
        self._access.check_outside("repair")
        return repair(
            self._environment,
            self._access.pinned,
            threads=config.thread_count(threads),
            progress=progress,
        )

    def backup(self, path: str | PathLike[str]) -> None:
        """Copies the database, as of this moment, into a new directory; writers need not stop.

        Free space is not copied, so deleted records are not in the copy.

        Raises:
            InvalidArgumentError: There is something at that path already, or it lies inside this
                database.
            DiskFullError: No space is left there.
        """
        self._access.check_open()
        self._access.check_outside("back up")
        self._environment.copy(directory_of(path), compact=True)

    def compact(self) -> None:
        """Rewrites the file without its free space, giving it back to the disk.

        Raises:
            BusyError: Another process has the database open, or this one reads or writes it.
            ReadOnlyError: The database is open for reading only.
            DiskFullError: No space is left for the copy; nothing was changed.
        """
        self._access.check_writable()
        self._access.check_outside("compact")
        self._environment.compact()


def directory_of(path: object) -> Path:
    """A path that was given, which names a directory; ArgumentTypeError for what is no path."""
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
    name = str.__str__(name)
    if not name or "\0" in name:
        raise InvalidArgumentError("path must name a directory", expected="a path", received=name)
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
