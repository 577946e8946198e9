"""Objects with numbers below one prefix: which there are, and removing old ones."""

from __future__ import annotations

from vdb.cluster.metadata.object_names import number_of
from vdb.errors import CorruptedError
from vdb.maintenance.repository.object_store import Entry, ObjectStore

__all__ = ["is_there", "numbers_below", "prune_numbered"]


def is_there(store: ObjectStore, name: str) -> bool:
    """Whether there is an object of that name; its content is not read."""
    try:
        return store.get(name, 0) is not None
    except CorruptedError:  # it is longer than that
        return True


def numbers_below(store: ObjectStore, prefix: str) -> list[int]:
    """The numbers of the objects below `prefix`, which ends with ``/``; rising."""
    return sorted(_entries(store, prefix))


def prune_numbered(
    store: ObjectStore, prefix: str, *, keep: int, grace: float, below: int | None = None
) -> int:
    """Remove old objects, one after the other from the oldest on; returns how many.

    So an object that is there has all later ones behind it. Ages are compared by the store's own
    times; where it does not say them, all objects stay.

    Args:
        store: The store.
        prefix: What the objects are below; ends with ``/``.
        keep: How many of the newest stay, at least 1.
        grace: Seconds by which an object that is removed is older than the newest.
        below: Objects of that number and above stay; None for no such number.
    """
    entries = _entries(store, prefix)
    if not entries:
        return 0
    newest = entries[max(entries)].modified
    count = 0
    for number in sorted(entries)[: -max(keep, 1)]:
        entry = entries[number]
        if newest is None or entry.modified is None or newest - entry.modified < grace:
            break
        if below is not None and number >= below:
            break
        store.delete([entry.name])
        count += 1
    return count


def _entries(store: ObjectStore, prefix: str) -> dict[int, Entry]:
    numbered = ((number_of(entry.name), entry) for entry in store.entries(prefix))
    return {number: entry for number, entry in numbered if number is not None}
