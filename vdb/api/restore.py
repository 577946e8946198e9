"""A backup put in the place of a database."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING

from vdb.api import lazy_modules
from vdb.api.paths import directory_of
from vdb.model import arguments, config

if TYPE_CHECKING:
    from vdb.maintenance import restore as restoring
else:
    restoring = lazy_modules.module("vdb.maintenance.restore")

__all__ = ["restore"]


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
