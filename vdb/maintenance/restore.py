"""Restoring: a backup is put in the place of a database, or where there is none yet.

1. The source is locked against writers, and the target against being opened.
2. The file is copied beside its place.
3. The copy is opened and checked whole, as `vdb.open(verify="full")` does.
4. It takes the place of the old file in one step; the old file is kept under another name, or
   removed.

A failure before step 4 leaves everything as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vdb.errors import CorruptedError, FormatVersionError, InvalidArgumentError, VdbError
from vdb.maintenance.check.require_sound import problems_of
from vdb.model.results import Result
from vdb.store import Environment
from vdb.store.file_restore import Source, Target

__all__ = ["RestoreReport", "restore"]

Progress = Callable[[str, int, int], None]
"""Called with (stage, bytes done, bytes in all)."""


@dataclass(frozen=True, slots=True)
class RestoreReport(Result):
    """What a restore did.

    Attributes:
        path: The directory.
        bytes: Length of the file.
        commit: The commit that it shows.
        collections: Its collections, by name.
        kept: Where the old file lies now; None where there was none, or it was removed.
    """

    path: str
    bytes: int
    commit: int
    collections: tuple[str, ...]
    kept: str | None


def restore(
    source: Path,
    directory: Path,
    *,
    keep_old: bool,
    lock_timeout: float,
    allow_network_fs: bool,
    progress: Progress | None,
) -> RestoreReport:
    """See the top of this file, and `vdb.restore`."""
    report: Progress = progress or (lambda _stage, _done, _total: None)
    with Source(source) as old:
        target = Target(directory, old, allow_network_fs=allow_network_fs)
        with target.emptied(lock_timeout) as place:
            old.copy_to(place.new, lambda done, total: report("copying", done, total))
            report("verifying", 0, old.size)
            commit, names = _verified(place.new, old.path)
            report("verifying", old.size, old.size)
            when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            kept = place.put(f"data.mdb.replaced-{when}" if keep_old else None)
    return RestoreReport(
        str(target.path), old.size, commit, names, None if kept is None else str(kept)
    )


def _verified(directory: Path, source: Path) -> tuple[int, tuple[str, ...]]:
    """Commit and collections of a copy; CorruptedError, naming the source, if it is unsound."""
    try:
        env = Environment.open(
            directory, create=False, read_only=True, allow_network_fs=True, verify="full"
        )
    except InvalidArgumentError as error:
        raise CorruptedError("this is no vdb database", where=str(source)) from error
    except CorruptedError as error:
        raise CorruptedError(
            f"not sound, and was not put in place: {error.message}", where=str(source)
        ) from error
    except FormatVersionError as error:
        raise FormatVersionError(f"{source}: {error}") from error
    try:
        for problem in problems_of(env):
            if problem.severity == "error":
                raise CorruptedError(
                    f"not sound, and was not put in place: {problem}", where=str(source)
                )
        with env.snapshot() as snapshot:
            return snapshot.commit, tuple(snapshot.names())
    except VdbError as error:
        if isinstance(error, CorruptedError) and error.where != str(source):
            raise CorruptedError(f"not sound: {error.found}", where=str(source)) from error
        raise
    finally:
        env.close()
