"""Reading a backup: every chunk is verified before anything in it is used."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import partial

from vdb.errors import CorruptedError
from vdb.maintenance.repository import layout
from vdb.maintenance.repository.chunk import Item, digest, items_of
from vdb.maintenance.repository.in_order import in_order
from vdb.maintenance.repository.manifest import Chunk, Manifest
from vdb.maintenance.repository.object_store import ObjectStore

__all__ = ["items_from", "verified_chunks"]


def verified_chunks(store: ObjectStore, chunks: Sequence[Chunk]) -> Generator[bytes]:
    """The contents of chunks, in their order; a few are read at one time.

    Raises:
        CorruptedError: One is missing, or is not what its name says.
        RemoteError, DiskError: One cannot be read.
    """
    return in_order(partial(_read, store), chunks)


def _read(store: ObjectStore, chunk: Chunk) -> bytes:
    expected, size = chunk
    name = layout.chunk_name(expected)
    content = store.get(name, size)
    where = f"{store.url}/{name}"
    if content is None:
        raise CorruptedError("a chunk of the backup is missing", where=where)
    if len(content) != size or digest(content) != expected:
        raise CorruptedError("a chunk of the backup is damaged", where=where)
    return content


def items_from(store: ObjectStore, name: str, manifest: Manifest) -> Iterator[Item]:
    """The keys and values of a backup, in key order; errors as above."""
    last = b""
    count = 0
    with closing(verified_chunks(store, manifest.chunks)) as contents:
        for (expected, _), content in zip(manifest.chunks, contents, strict=True):
            where = f"{store.url}/{layout.chunk_name(expected)}"
            for item in items_of(content, where, after=last):
                yield item
                last = item[0]
                count += 1
    if count != manifest.items:
        raise CorruptedError(
            f"expected {manifest.items:,} keys, got {count:,}",
            where=f"{store.url}/{layout.MANIFESTS}{name}.json",
        )
