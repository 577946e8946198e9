"""Backups outside a database, for a program with an event loop.

Written by tools/write_async_face.py; do not edit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING

from vdb.api import lazy_modules
from vdb.api.asynchronous.lone_call import PRUNED, RESTORED, lone_call
from vdb.api.restore import backups, prune_backups, restore

if TYPE_CHECKING:
    from vdb.maintenance import restore as restore_module
    from vdb.maintenance.repository import manifest as manifest_module
    from vdb.maintenance.repository import report as report_module
else:
    manifest_module = lazy_modules.module("vdb.maintenance.repository.manifest")
    report_module = lazy_modules.module("vdb.maintenance.repository.report")
    restore_module = lazy_modules.module("vdb.maintenance.restore")

__all__ = ["backups_async", "prune_backups_async", "restore_async"]


async def restore_async(
    source: object,
    directory: str | PathLike[str],
    *,
    at: str | None = None,
    keep_old: bool = True,
    lock_timeout: float = 5.0,
    allow_network_fs: bool = False,
    prefix: str = "",
    storage_options: Mapping[str, object] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> restore_module.RestoreReport:
    """Replaces a database by a backup, or puts the backup where there is no database yet.

    The file is copied, verified as a whole, and takes its place in one step, with the owner, group
    and mode of the file it replaces. Until then nothing changes, even if the call fails or is
    stopped. The source stays unchanged.

    It runs in a thread of its own. When the task is cancelled, it is stopped at its next progress
    report, the copy is removed and nothing has changed; a backup that is in its place by then
    stays. Only then is CancelledError raised: its attribute ``committed`` says whether the backup
    is in its place.

    Args:
        source: A backup made by `Database.backup`: a directory, or the ``data.mdb`` in it; a URL or
            a store; a file that it was written to, by its path or open for reading.
        directory: The database, or a directory that is empty or missing; its parent must exist.
        at: At a URL or in a store: the name of a backup, as `backups` lists it. The default is the
            newest.
        keep_old: Keep the replaced file in the directory, as ``data.mdb.replaced-TIME``.
        lock_timeout: Seconds to wait for processes that open or write the database.
        allow_network_fs: Restore on a network file system; other machines must not open it
            meanwhile.
        prefix: Where in the store the backups are.
        storage_options: What obstore or fsspec takes with the URL: credentials, an endpoint.
        progress: Called with (step, bytes done, bytes).

    Raises:
        BusyError: A process, this one included, has one of them open; the message names the
            processes.
        CorruptedError: The source is not sound, or a part of it is missing; the message names the
            first problem.
        NotFoundError: There is no source, or the parent directory is missing.
        InvalidArgumentError: Something else lies at the path of the database.
        FormatVersionError: The source was written in a newer format.
        RemoteError: The store cannot be read.
        DiskFullError: No space is left for the copy.

    Example:
        await vdb.restore_async("backup.vdb", "docs.vdb")
    """
    return await lone_call(
        lambda call: restore(
            source,
            directory,
            at=at,
            keep_old=keep_old,
            lock_timeout=lock_timeout,
            allow_network_fs=allow_network_fs,
            prefix=prefix,
            storage_options=storage_options,
            progress=call.reporting(progress),
        ),
        RESTORED,
    )


async def backups_async(
    source: object, *, prefix: str = "", storage_options: Mapping[str, object] | None = None
) -> list[manifest_module.BackupInfo]:
    """The backups at a URL or in a store, newest first.

    It runs in a thread of its own, whose end a cancelled task does not wait for.

    Args:
        source: The URL or the store, as for `Database.backup`.
        prefix: Where in the store the backups are.
        storage_options: What obstore or fsspec takes with the URL.

    Raises:
        NotFoundError: There are no backups.
        RemoteError: The store cannot be read.

    Example:
        newest = (await vdb.backups_async(url))[0].name
    """
    return await lone_call(
        lambda _: backups(source, prefix=prefix, storage_options=storage_options), None
    )


async def prune_backups_async(
    source: object,
    *,
    keep: int,
    grace: float = 86400.0,
    prefix: str = "",
    storage_options: Mapping[str, object] | None = None,
) -> report_module.PruneReport:
    """Removes old backups at a URL or in a store, and what only they needed.

    Backups may be made meanwhile: a chunk is deleted `grace` seconds after the last backup that
    needs it was removed, by a later call.

    It runs in a thread of its own, to its end even when the task is cancelled. Only then is
    CancelledError raised: its attribute ``committed`` says whether the backups are removed.

    Args:
        source: The URL or the store, as for `Database.backup`.
        keep: The number of backups that stay, the newest; at least 1.
        grace: Seconds, at least 0. A backup that is being made must take less than half of them, so
            give a small number only where none is.
        prefix: Where in the store the backups are.
        storage_options: What obstore or fsspec takes with the URL.

    Raises:
        NotFoundError: There are no backups.
        RemoteError: The store cannot be read or written.

    Example:
        await vdb.prune_backups_async(url, keep=7)
    """
    return await lone_call(
        lambda _: prune_backups(
            source, keep=keep, grace=grace, prefix=prefix, storage_options=storage_options
        ),
        PRUNED,
    )
