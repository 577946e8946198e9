"""Removing old backups, and chunks that no backup names, beside backups that are being made.

A backup does not say that it is under way. It uses chunks again that the newest manifest names when
it begins, and those that were put less than half of `GRACE` ago. So nothing it uses may be deleted
before it has put its own manifest:

1. The manifest of a backup that is to go is copied to ``removed/`` and deleted.
2. A chunk is deleted when no manifest names it, when it was put more than `grace` seconds ago, and
   when all manifests in ``removed/`` that name it were put there more than `grace` seconds ago.
3. Such old manifests in ``removed/`` are deleted.

A backup that takes less than half of `GRACE` is safe by that. One that takes longer looks whether
all its chunks are there before it puts its manifest.
"""

from __future__ import annotations

import time

from vdb.maintenance.repository import layout
from vdb.maintenance.repository.manifest import LARGEST_MANIFEST, Manifest
from vdb.maintenance.repository.object_store import ObjectStore
from vdb.maintenance.repository.report import PruneReport

__all__ = ["prune"]


def prune(store: ObjectStore, *, keep: int, grace: float = layout.GRACE) -> PruneReport:
    """Keep the newest `keep` backups; see the top of this file."""
    layout.owner(store)
    existing = layout.names(store)
    kept, removed = existing[-keep:], existing[:-keep]
    for name in removed:
        _remove(store, name)
    # First those that are there, then those that were removed: another call may move one meanwhile.
    needed: set[bytes] = set()
    for name in layout.names(store):
        needed |= _digests(layout.read_manifest(store, name))
    long_ago = time.time() - grace
    old, recent = _removed_manifests(store, long_ago)
    needed |= recent
    unused = [
        (entry.name, entry.size)
        for entry in store.entries(layout.CHUNKS)
        if (digest := layout.digest_of(entry)) is not None
        and digest not in needed
        and entry.modified is not None
        and entry.modified < long_ago
    ]
    store.delete(name for name, _ in unused)
    store.delete(f"{layout.REMOVED}{name}.json" for name in old)
    store.tidy()
    return PruneReport(tuple(kept), tuple(removed), len(unused), sum(size for _, size in unused))


def _remove(store: ObjectStore, name: str) -> None:
    document = store.get(f"{layout.MANIFESTS}{name}.json", LARGEST_MANIFEST)
    if document is not None:
        store.put(f"{layout.REMOVED}{name}.json", document)
        store.delete([f"{layout.MANIFESTS}{name}.json"])


def _removed_manifests(store: ObjectStore, long_ago: float) -> tuple[list[str], set[bytes]]:
    """Names of those that were removed long ago, and the chunks that the others name."""
    modified = {entry.name: entry.modified for entry in store.entries(layout.REMOVED)}
    old: list[str] = []
    needed: set[bytes] = set()
    for name in layout.names(store, layout.REMOVED):
        when = modified.get(f"{layout.REMOVED}{name}.json")
        if when is not None and when < long_ago:
            old.append(name)
        else:
            needed |= _digests(layout.read_manifest(store, name, layout.REMOVED))
    return old, needed


def _digests(manifest: Manifest | None) -> set[bytes]:
    return set() if manifest is None else {digest for digest, _ in manifest.chunks}
