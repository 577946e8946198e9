"""Restoring: a backup is put in the place of a database, or where there is none yet.

1. The source, where it is a directory, is locked against writers, and the target against being
   opened.
2. The file is copied beside its place; or it is made there from the chunks of a backup, each of
   which is verified before it is used.
3. The copy is opened and checked whole, as `vdb.open(verify="full")` does.
4. It takes the place of the old file in one step; the old file is kept under another name, or
   removed.

A failure before step 4 leaves everything as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vdb.errors import CorruptedError, FormatVersionError, InvalidArgumentError, VdbError
from vdb.maintenance.check.require_sound import problems_of
from vdb.maintenance.repository import layout
from vdb.maintenance.repository.chunk import ITEM_HEAD, Item
from vdb.maintenance.repository.download import items_from
from vdb.maintenance.repository.manifest import Manifest
from vdb.maintenance.repository.object_store import ObjectStore
from vdb.maintenance.repository.stream import StreamReader
from vdb.model.results import Result
from vdb.store import Environment
from vdb.store.file_restore import Source, Target
from vdb.store.item_file import require_room, write_items

__all__ = ["Options", "RestoreReport", "restore", "restore_from_store", "restore_from_stream"]

_REPORTED = 1 << 20
"""Bytes between two reports of progress."""

Progress = Callable[[str, int, int], None]
"""Called with (stage, bytes done, bytes in all)."""


@dataclass(frozen=True, slots=True)
class RestoreReport(Result):
    """What a restore did.

    Attributes:
        path: The directory.
        source: What was restored, without credentials.
        bytes: Length of the file.
        commit: The commit that it shows.
        collections: Its collections, by name.
        kept: Where the old file lies now; None where there was none, or it was removed.
    """

    path: str
    source: str
    bytes: int
    commit: int
    collections: tuple[str, ...]
    kept: str | None


@dataclass(frozen=True, slots=True)
class Options:
    """How to restore, whatever the source.

    Attributes:
        keep_old: Keep the file that is replaced.
        lock_timeout: Seconds to wait for processes that have the database open.
        allow_network_fs: Restore on a network file system.
        progress: Called with (stage, bytes done, bytes in all).
    """

    keep_old: bool
    lock_timeout: float
    allow_network_fs: bool
    progress: Progress | None


def restore(source: Path, directory: Path, options: Options) -> RestoreReport:
    """Restore a copy in a directory; see the top of this file, and `vdb.restore`."""
    with Source(source) as old:
        target = Target(directory, old.id, allow_network_fs=options.allow_network_fs)

        def fill(new: Path, report: Progress) -> None:
            old.copy_to(new, lambda done, total: report("copying", done, total))

        return _restore(target, str(old.path), fill, options)


def restore_from_store(
    store: ObjectStore, at: str | None, directory: Path, options: Options
) -> RestoreReport:
    """Restore a backup of a repository: the newest, or the one named `at`."""
    target = Target(directory, allow_network_fs=options.allow_network_fs)
    name, manifest = layout.manifest_at(store, at)

    def fill(new: Path, report: Progress) -> None:
        require_room(new, manifest.size)
        items = items_from(store, name, manifest)
        counted = _counted(items, manifest.size, report)
        write_items(new, counted, page_size=manifest.page_size)

    where = f"{store.url}/{layout.MANIFESTS}{name}.json"
    return _restore(target, where, fill, options, lambda: manifest)


def restore_from_stream(
    reader: BinaryIO, where: str, directory: Path, options: Options
) -> RestoreReport:
    """Restore a backup that was written to a stream."""
    target = Target(directory, allow_network_fs=options.allow_network_fs)
    stream = StreamReader(reader, where)

    def fill(new: Path, report: Progress) -> None:
        counted = _counted(stream.items(), 0, report)
        write_items(new, counted, page_size=stream.page_size)

    return _restore(target, where, fill, options, lambda: stream.manifest)


def _restore(
    target: Target,
    where: str,
    fill: Callable[[Path, Progress], None],
    options: Options,
    manifest: Callable[[], Manifest | None] = lambda: None,
) -> RestoreReport:
    report: Progress = options.progress or (lambda _stage, _done, _total: None)
    with target.emptied(options.lock_timeout) as place:
        fill(place.new, report)
        size = (place.new / "data.mdb").stat().st_size
        report("verifying", 0, size)
        commit, uuid, names = _verified(place.new, where)
        expected = manifest()
        if expected is not None and (expected.commit, expected.uuid) != (commit, uuid):
            raise CorruptedError("the chunks are those of another moment", where=where)
        report("verifying", size, size)
        when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        kept = place.put(f"data.mdb.replaced-{when}" if options.keep_old else None)
    return RestoreReport(
        str(target.path), where, size, commit, names, None if kept is None else str(kept)
    )


def _counted(items: Iterator[Item], total: int, report: Progress) -> Iterator[Item]:
    """The items, while progress is reported about once a megabyte; a total of 0 is not known."""
    done = reported = 0
    report("copying", 0, total)
    for item in items:
        yield item
        done += ITEM_HEAD + len(item[0]) + len(item[1])
        if done - reported >= _REPORTED:
            reported = done
            report("copying", done, total)
    report("copying", done, done)


def _verified(directory: Path, source: str) -> tuple[int, str, tuple[str, ...]]:
    """Commit, uuid and collections of a copy; CorruptedError, naming the source, if unsound."""
    try:
        env = Environment.open(
            directory, create=False, read_only=True, allow_network_fs=True, verify="full"
        )
    except InvalidArgumentError as error:
        raise CorruptedError("this is no vdb database", where=source) from error
    except CorruptedError as error:
        raise CorruptedError(
            f"not sound, and was not put in place: {error.message}", where=source
        ) from error
    except FormatVersionError as error:
        raise FormatVersionError(f"{source}: {error}") from error
    try:
        for problem in problems_of(env):
            if problem.severity == "error":
                raise CorruptedError(
                    f"not sound, and was not put in place: {problem}", where=source
                )
        with env.snapshot() as snapshot:
            return snapshot.commit, env.uuid.hex(), tuple(snapshot.names())
    except VdbError as error:
        if isinstance(error, CorruptedError) and error.where != source:
            raise CorruptedError(f"not sound: {error.found}", where=source) from error
        raise
    finally:
        env.close()
