"""The public function `restore`: replaces a database by a backup."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING

from vdb.api import lazy_modules
from vdb.api.paths import directory_of
from vdb.model import arguments, config

if TYPE_CHECKING:
    from vdb.maintenance import restore as restore_module
else:
    restore_module = lazy_modules.module("vdb.maintenance.restore")

__all__ = ["restore"]


def restore(
    source: str | PathLike[str],
    directory: str | PathLike[str],
    *,
    keep_old: bool = True,
    lock_timeout: float = 5.0,
    allow_network_fs: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> restore_module.RestoreReport:
    """Replaces a database by a backup, or puts the backup where there is no database yet.

    The file is copied, verified as a whole, and takes its place in one step, with the owner, group
    and mode of the file it replaces. Until then nothing changes, even if the call fails or is
    stopped. The source stays unchanged.

    Args:
        source: A backup made by `Database.backup`: a directory, or the ``data.mdb`` in it.
        directory: The database, or a directory that is empty or missing; its parent must exist.
        keep_old: Keep the replaced file in the directory, as ``data.mdb.replaced-TIME``.
        lock_timeout: Seconds to wait for processes that open or write the database.
        allow_network_fs: Restore on a network file system; other machines must not open it
            meanwhile.
        progress: Called with (step, bytes done, bytes).

    Raises:
        BusyError: A process, this one included, has one of them open; the message names the
            processes.
        CorruptedError: The source is not sound; the message names the first problem.
        NotFoundError: There is no source, or the parent directory is missing.
        InvalidArgumentError: Something else lies at the path of the database.
        FormatVersionError: The source was written in a newer format.
        DiskFullError: No space is left for the copy.

    Example:
        vdb.restore("backup.vdb", "docs.vdb")
    """
    from vdb.maintenance.restore import restore as restore_database

    arguments.callback("progress", progress)
    return restore_database(
        directory_of(source),
        directory_of(directory),
        keep_old=arguments.truth("keep_old", keep_old),
        lock_timeout=config.timeout_seconds("lock_timeout", lock_timeout),
        allow_network_fs=arguments.truth("allow_network_fs", allow_network_fs),
        progress=progress,
    )
