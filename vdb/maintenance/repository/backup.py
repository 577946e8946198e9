"""Backing up one moment of a database to a repository or a stream.

1. The moment is held; nothing that it shows is overwritten, and writers go on.
2. With `verify`, everything in it is checked.
3. Keys and values are read in key order and cut into chunks. A chunk that is not there yet is sent;
   a few are under way at one time.
4. With `verify`, all chunks are read back.
5. The manifest is put, which makes it a backup.

Whatever happens before step 5 leaves chunks, which the next backup uses, and no backup.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from vdb.errors import RemoteError
from vdb.maintenance.check.require_sound import problems_at, require_sound
from vdb.maintenance.repository import layout, stream
from vdb.maintenance.repository.chunk import Item, chunks, digest
from vdb.maintenance.repository.download import verified_chunks
from vdb.maintenance.repository.in_order import in_order
from vdb.maintenance.repository.manifest import Chunk, Manifest
from vdb.maintenance.repository.object_store import ObjectStore
from vdb.maintenance.repository.prune import prune
from vdb.maintenance.repository.report import BackupReport
from vdb.model.version import __version__
from vdb.store import Environment, Snapshot
from vdb.store.format import keys
from vdb.store.format.versions import Identity

__all__ = ["back_up_to_store", "back_up_to_writer"]

Progress = Callable[[str, int, int], None]
"""Called with (stage, bytes done, bytes in all)."""


class _Counted:
    """Items of a moment, counted while they are read."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.count = 0

    def __iter__(self) -> Iterator[Item]:
        for item in self._snapshot.items(b"", start=keys.IDENTITY):
            self.count += 1
            yield item


class _Sent(NamedTuple):
    chunk: Chunk
    new: bool


def back_up_to_store(
    environment: Environment,
    store: ObjectStore,
    *,
    verify: bool,
    keep: int | None,
    progress: Progress | None,
) -> BackupReport:
    """See the top of this file, and `Database.backup`."""
    report = progress or _nothing
    began = time.monotonic()
    with environment.snapshot(held=True) as snapshot:
        created = time.time()
        layout.claim(store, snapshot.database.uuid.hex())
        if verify:
            require_sound(problems_at(snapshot), environment.path)
        items, total = _Counted(snapshot), _about(snapshot)
        send = partial(_send, store, _reusable(store))
        sent: list[_Sent] = []
        done = 0
        with closing(in_order(send, chunks(items))) as results:
            for result in results:
                sent.append(result)
                done += result.chunk[1]
                report("sending", done, max(done, total))
        report("sending", done, done)
        manifest = _manifest(snapshot, created, items.count, [result.chunk for result in sent])
    if verify:
        back = 0
        with closing(verified_chunks(store, manifest.chunks)) as contents:
            for content in contents:
                back += len(content)
                report("verifying", back, done)
    elif time.monotonic() - began > layout.GRACE / 2:
        _require_all(store, manifest)
    name = layout.publish(store, manifest)
    removed = () if keep is None else prune(store, keep=keep).removed
    new = sum(size for (_, size), is_new in sent if is_new)
    return BackupReport(
        target=store.url,
        name=name,
        commit=manifest.commit,
        bytes=done,
        sent=new,
        reused=done - new,
        chunks=len(sent),
        seconds=time.monotonic() - began,
        verified=verify,
        removed=removed,
    )


def back_up_to_writer(
    environment: Environment, writer: BinaryIO, *, verify: bool, progress: Progress | None
) -> BackupReport:
    """The same to a stream: see `stream`. With `verify` the database is checked beforehand."""
    report = progress or _nothing
    began = time.monotonic()
    with environment.snapshot(held=True) as snapshot:
        created = time.time()
        if verify:
            require_sound(problems_at(snapshot), environment.path)
        items, total = _Counted(snapshot), _about(snapshot)
        written: list[Chunk] = []
        done = 0
        stream.write_head(writer, snapshot.database.page_size)
        for content in chunks(items):
            written.append((digest(content), len(content)))
            stream.write_chunk(writer, written[-1][0], content)
            done += len(content)
            report("sending", done, max(done, total))
        report("sending", done, done)
        manifest = _manifest(snapshot, created, items.count, written)
    stream.write_end(writer, manifest.encode())
    return BackupReport(
        target="",
        name=None,
        commit=manifest.commit,
        bytes=done,
        sent=done,
        reused=0,
        chunks=len(written),
        seconds=time.monotonic() - began,
        verified=verify,
    )


def _about(snapshot: Snapshot) -> int:
    """About how many bytes a moment has: those of its pages."""
    _, used, *_ = snapshot.pages()
    return used * snapshot.database.page_size


def _reusable(store: ObjectStore) -> dict[bytes, int]:
    """The chunks that need not be sent, with their bytes; which they are, `prune` says."""
    existing = layout.names(store)
    newest = layout.read_manifest(store, existing[-1]) if existing else None
    needed = {} if newest is None else dict(newest.chunks)
    lately = time.time() - layout.GRACE / 2
    reusable: dict[bytes, int] = {}
    for entry in store.entries(layout.CHUNKS):
        name = layout.digest_of(entry)
        if name is None:
            continue
        if name in needed or (entry.modified is not None and entry.modified > lately):
            reusable[name] = entry.size
    return reusable


def _send(store: ObjectStore, reusable: dict[bytes, int], content: bytes) -> _Sent:
    """Send a chunk, unless it is there with all its bytes: half of one may be, in some stores."""
    name = digest(content)
    if reusable.get(name) == len(content):
        return _Sent((name, len(content)), new=False)
    store.put(layout.chunk_name(name), content)
    return _Sent((name, len(content)), new=True)


def _manifest(snapshot: Snapshot, created: float, items: int, chunk_list: list[Chunk]) -> Manifest:
    with snapshot.use():
        return Manifest(
            uuid=snapshot.database.uuid.hex(),
            commit=snapshot.commit,
            created=created,
            version=__version__,
            database_format=Identity.decode(snapshot.get(keys.IDENTITY)).version,
            page_size=snapshot.database.page_size,
            items=items,
            collections={name: snapshot.count_of(name) for name in snapshot.names()},
            chunks=tuple(chunk_list),
        )


def _require_all(store: ObjectStore, manifest: Manifest) -> None:
    """See that no chunk was deleted meanwhile, where it took longer than `prune` expects."""
    there = {layout.digest_of(entry) for entry in store.entries(layout.CHUNKS)}
    missing = sum(name not in there for name, _ in manifest.chunks)
    if missing:
        raise RemoteError(
            f"{missing:,} chunks of a backup that took more than {layout.GRACE / 7200:g} hours "
            f"were removed from {store.url} by a prune meanwhile; the next one sends them",
            url=store.url,
        )


def _nothing(_stage: str, _done: int, _total: int) -> None:
    pass


def local_report(path: Path, commit: int, *, began: float, verify: bool) -> BackupReport:
    """The report of a copy in a directory."""
    size = sum(part.stat().st_size for part in path.iterdir())
    return BackupReport(
        target=str(path),
        name=None,
        commit=commit,
        bytes=size,
        sent=size,
        reused=0,
        chunks=0,
        seconds=time.monotonic() - began,
        verified=verify,
    )
