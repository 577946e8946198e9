"""Backups: what a user names as their place, and the functions that go with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from os import PathLike
from pathlib import Path

from vdb.api.paths import directory_of
from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.maintenance.check.require_sound import require_sound_copy
from vdb.maintenance.repository import layout
from vdb.maintenance.repository.backup import back_up_to_store, back_up_to_writer, local_report
from vdb.maintenance.repository.location import Stream, object_store, open_stream
from vdb.maintenance.repository.manifest import BackupInfo
from vdb.maintenance.repository.object_store import ObjectStore
from vdb.maintenance.repository.prune import prune
from vdb.maintenance.repository.report import BackupReport, PruneReport
from vdb.maintenance.repository.stream import is_stream
from vdb.maintenance.restore import (
    Options,
    RestoreReport,
    restore,
    restore_from_store,
    restore_from_stream,
)
from vdb.model import arguments
from vdb.store import Environment

__all__ = ["back_up", "backups_at", "prune_at", "restore_from"]

_MOST_KEPT = 1 << 20
_LONGEST_GRACE = 10 * 366 * 86400


def back_up(
    environment: Environment,
    target: object,
    *,
    verify: bool,
    keep: int | None,
    prefix: str,
    storage_options: Mapping[str, object] | None,
    progress: Callable[[str, int, int], None] | None,
) -> BackupReport:
    """See `Database.backup`."""
    arguments.callback("progress", progress)
    most = None if keep is None else arguments.whole("keep", keep, 1, _MOST_KEPT)
    store = _store(target, prefix, storage_options)
    if store is not None:
        return back_up_to_store(environment, store, verify=verify, keep=most, progress=progress)
    if most is not None:
        raise InvalidArgumentError(
            "keep goes with a URL or a store, where there are several backups",
            expected=None,
            received=keep,
        )
    writer = _stream(target, "target", "write")
    if writer is not None:
        with writer.closing():
            return back_up_to_writer(environment, writer.file, verify=verify, progress=progress)
    began = time.monotonic()
    path = _directory(target, "target", "write")
    judge = partial(require_sound_copy, original=environment.path) if verify else None
    commit = environment.copy(path, compact=True, judge=judge)
    return local_report(path, commit, began=began, verify=verify)


def restore_from(
    source: object,
    directory: Path,
    options: Options,
    *,
    at: str | None,
    prefix: str,
    storage_options: Mapping[str, object] | None,
) -> RestoreReport:
    """See `vdb.restore`."""
    name = None if at is None else arguments.text("at", at)
    store = _store(source, prefix, storage_options)
    if store is not None:
        return restore_from_store(store, name, directory, options)
    if name is not None:
        raise InvalidArgumentError(
            "at goes with a URL or a store, where there are several backups",
            expected=None,
            received=name,
        )
    reader = _stream(source, "source", "read")
    if reader is not None:
        with reader.closing():
            return restore_from_stream(reader.file, reader.label, directory, options)
    path = _directory(source, "source", "read")
    if path.is_file() and is_stream(path):
        with path.open("rb") as file:
            return restore_from_stream(file, str(path), directory, options)
    return restore(path, directory, options)


def backups_at(
    source: object, prefix: str, storage_options: Mapping[str, object] | None
) -> list[BackupInfo]:
    """See `vdb.backups`."""
    store = _required_store(source, prefix, storage_options)
    layout.owner(store)
    infos: list[BackupInfo] = []
    for name in reversed(layout.names(store)):
        manifest = layout.read_manifest(store, name)
        if manifest is not None:
            infos.append(manifest.info(name))
    return infos


def prune_at(
    source: object,
    prefix: str,
    storage_options: Mapping[str, object] | None,
    *,
    keep: int,
    grace: float,
) -> PruneReport:
    """See `vdb.prune_backups`."""
    most = arguments.whole("keep", keep, 1, _MOST_KEPT)
    seconds = arguments.number("grace", grace)
    if not 0 <= seconds <= _LONGEST_GRACE:
        raise InvalidArgumentError(
            f"grace must be between 0 and {_LONGEST_GRACE} seconds, got {seconds:g}",
            expected=(0, _LONGEST_GRACE),
            received=seconds,
        )
    store = _required_store(source, prefix, storage_options)
    return prune(store, keep=most, grace=seconds)


def _store(
    target: object, prefix: str, storage_options: Mapping[str, object] | None
) -> ObjectStore | None:
    options = {} if storage_options is None else storage_options
    if not isinstance(options, Mapping):
        raise ArgumentTypeError(
            f"storage_options must be a mapping, got {type(options).__name__}",
            expected="Mapping[str, object] | None",
            received=type(options).__name__,
        )
    return object_store(target, arguments.text("prefix", prefix), options)


def _required_store(
    source: object, prefix: str, storage_options: Mapping[str, object] | None
) -> ObjectStore:
    store = _store(source, prefix, storage_options)
    if store is None:
        raise InvalidArgumentError(
            f"backups are listed at a URL or in a store, got {arguments.shown(source)}; a "
            "directory of backups is file:///PATH",
            expected="a URL or a store",
            received=type(source).__name__,
        )
    return store


def _stream(value: object, name: str, method: str) -> Stream | None:
    try:
        return open_stream(value, method)
    except Exception as error:
        raise arguments.unreadable(name, value, error) from error


def _directory(value: object, name: str, method: str) -> Path:
    if isinstance(value, str | PathLike):
        return directory_of(value, name)
    raise ArgumentTypeError(
        f"{name} must be a path, a URL, a store or a binary file with {method}(), got "
        f"{type(value).__name__}",
        expected="str | os.PathLike[str] | a store | a binary file",
        received=type(value).__name__,
    )
