"""Changing vectors and graph inside a batch.

Counts of records, ids and records are the caller's; slots, the free list, the number of slots
without a vector and the graph's entry point are kept up to date in the collection's header and
generation here. After an exception the batch is of no use.

A slot whose record has no vector is *bare*: it is in use, and not in the graph, and its row of
vectors says so. Searches pass over it as over a free one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.index.vectors.kernel_view import opened, writer_of
from vdb.index.vectors.stored_vectors import has_vector
from vdb.kernel import Writer
from vdb.model.inputs import RowParts
from vdb.model.records import Progress
from vdb.store import Batch, WritableCollection

__all__ = ["add", "add_bare", "erase", "lay_out", "remove", "replace"]

MOST_UNLINKED = 32
"""Vectors that may be without links at a time: a query compares them in about a microsecond."""

LEAST_NODES = 1024
"""Nodes of a graph from which on vectors may be without links."""

CATCHING_UP = 2
"""Of an index with a threshold: for each vector above it so many fewer may be without links."""

FAR = 0.25
"""Vectors that are fewer than that share of the graph, and take the places of others, are offered
long links: those that they replace may have had some. A graph that only grows has them from its
beginnings."""

LEAST_ARRANGED = 1024
"""Vectors added in one call from which on they get their slots by nearness."""

_NOTHING: NDArray[np.uint32] = np.empty(0, np.uint32)


def add(
    batch: Batch,
    collection: WritableCollection,
    vectors: RowParts,
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> NDArray[np.uint32]:
    """Stores new vectors and links them into the graph. `vectors` is empty afterwards.

    Args:
        batch: The batch that the collection is changed in.
        collection: That batch's copy of it.
        vectors: As they are stored, C-contiguous, (n, dim), accepted by the metric; bits packed.
        threads: Threads that build; the graph does not depend on their number.
        progress: Called with (vectors linked, n) every few hundred vectors.

    Returns:
        Their slots, uint32 (n,): free ones, then new ones. Vectors that come many at a time get
        slots beside those of near ones, so that a search touches few blocks.
    """
    writer, fetch = writer_of(collection), batch.base.fetch
    nodes = collection.header.vector_count
    free = slots = writer.allocate(fetch, len(vectors))
    if len(vectors) >= LEAST_ARRANGED and not _room_without_links(collection, nodes + len(vectors)):
        slots = np.empty_like(free)
        slots[writer.locality_order(vectors.parts, threads)] = free
    collection.changed.append(slots)
    stored = 0
    for part in vectors.drained():
        writer.put(fetch, slots[stored : stored + len(part)], part)
        stored += len(part)
        del part
    # Linked in the order in which they came: in that of their slots, recall would be lower.
    _link(batch, collection, slots, nodes=nodes, threads=threads, progress=progress)
    return slots


def add_bare(batch: Batch, collection: WritableCollection, count: int) -> NDArray[np.uint32]:
    """Takes slots for new records without a vector, uint32 (count,): free ones, then new ones."""
    writer, fetch = writer_of(collection), batch.base.fetch
    behind = writer.index.slots
    slots = writer.allocate(fetch, count)
    writer.put_bare(fetch, slots)
    writer.fill(fetch, behind)
    collection.changed.append(slots)
    header = collection.header
    header.bare = (header.bare or 0) + count
    _note(collection, writer)
    return slots


def lay_out(batch: Batch, collection: WritableCollection, bare: NDArray[np.bool_]) -> None:
    """Makes the slots of a collection that has none yet: bare ones, and free ones, by (slots,)."""
    writer, fetch = writer_of(collection), batch.base.fetch
    slots = writer.allocate(fetch, len(bare))
    writer.put_bare(fetch, np.ascontiguousarray(slots[bare]))
    writer.release(fetch, np.ascontiguousarray(slots[~bare]))
    writer.fill(fetch, 0)
    _note(collection, writer)


def replace(
    batch: Batch,
    collection: WritableCollection,
    slots: NDArray[np.uint32],
    vectors: NDArray[Any],
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> None:
    """Puts vectors into slots in use, each named once; equal ones stay where they are.

    `progress` is called with (vectors replaced, n) every few hundred vectors: a vector that was
    taken out of the graph and not yet linked anew counts half.
    """
    header = collection.header
    full = has_vector(batch, collection, slots)
    index, fetch = opened(batch, collection)
    old = index.vectors(fetch, np.ascontiguousarray(slots[full]))
    # Bit for bit: -0.0 given for 0.0 comes back as -0.0.
    differs = ~full
    differs[full] = (old.view(np.uint8) != vectors[full].view(np.uint8)).any(axis=1)
    changed = np.flatnonzero(differs)
    if not changed.size:
        return
    writer = writer_of(collection)
    moving = np.ascontiguousarray(slots[changed])
    leaving = np.ascontiguousarray(slots[differs & full])
    collection.changed.append(moving)
    equal, half = len(slots) - len(moving), len(leaving) // 2
    removed = linked = None
    if progress is not None:
        removed = _reporting(progress, equal, half, len(slots))
        linked = _reporting(progress, equal + half, len(moving) - half, len(slots))
    writer.remove(fetch, leaving, progress=removed)
    writer.put(fetch, moving, np.ascontiguousarray(vectors[changed]))
    nodes = max(0, header.vector_count - len(leaving))
    if header.bare:
        header.bare -= len(moving) - len(leaving)
    _link(batch, collection, moving, nodes=nodes, threads=threads, progress=linked)


def erase(batch: Batch, collection: WritableCollection, slots: NDArray[np.uint32]) -> None:
    """Takes the vectors of slots in use, each named once, out of the graph and erases them."""
    header = collection.header
    leaving = np.ascontiguousarray(slots[has_vector(batch, collection, slots)])
    if not leaving.size:
        return
    writer, fetch = writer_of(collection), batch.base.fetch
    collection.changed.append(leaving)
    writer.remove(fetch, leaving)
    writer.put_bare(fetch, leaving)
    header.bare = (header.bare or 0) + len(leaving)
    _link(batch, collection, _NOTHING, nodes=max(0, header.vector_count))


def remove(batch: Batch, collection: WritableCollection, slots: NDArray[np.uint32]) -> None:
    """Takes vectors out of the graph, erases them, and frees their slots (each named once)."""
    header = collection.header
    leaving = np.ascontiguousarray(slots[has_vector(batch, collection, slots)])
    writer, fetch = writer_of(collection), batch.base.fetch
    collection.changed.append(slots)
    writer.remove(fetch, leaving)
    writer.release(fetch, slots)
    nodes = max(0, header.vector_count - len(leaving))
    if header.bare:
        header.bare -= len(slots) - len(leaving)
    _link(batch, collection, _NOTHING, nodes=nodes)


def _link(
    batch: Batch,
    collection: WritableCollection,
    slots: NDArray[np.uint32],
    *,
    nodes: int,
    threads: int = 1,
    progress: Progress | None = None,
) -> None:
    """Links stored vectors into the graph, or leaves them for later while they are few.

    Linking one vector rewrites a block of links for each of its neighbours; linking several in one
    commit costs little more than one. Until then every search looks at all that wait.
    """
    writer, fetch = writer_of(collection), batch.base.fetch
    waiting = writer.index.unlinked
    together = np.concatenate((waiting, slots))
    linked, total = max(0, nodes - len(waiting)), nodes + len(slots)
    room = _room_without_links(collection, total)
    may_wait = collection.links and (room or nodes >= LEAST_NODES)
    if may_wait and len(together) <= room + MOST_UNLINKED:
        writer.defer(fetch, slots)
        if progress is not None and len(slots) > MOST_UNLINKED:
            progress(len(slots), len(slots))
    elif len(together):
        count = max(0, len(together) - room)  # the first that came
        if room:
            writer.defer(fetch, np.ascontiguousarray(slots[max(0, count - len(waiting)) :]))
            steps = None if progress is None else _reporting(progress, 0, len(slots), len(slots))
        else:
            steps = _behind(progress, len(waiting))
        writer.insert(
            fetch,
            np.ascontiguousarray(together[:count]),
            nodes=linked,
            threads=threads,
            offer_long_links=count < FAR * linked and _replaces(collection, slots),
            progress=steps,
        )
        if len(waiting) > MOST_UNLINKED:
            # Where most vectors were compared whatever ef was, it was measured as too small.
            collection.generation.tuning = None
    _note(collection, writer)


def _room_without_links(collection: WritableCollection, vectors: int) -> int:
    """How many of so many vectors an index with a threshold leaves without links.

    All, up to the threshold; from there on fewer with each vector, so that links are made a few
    with each call, and not all by the one that passes the threshold.
    """
    threshold: int = collection.generation.index.get("indexing_threshold", 0)
    if vectors <= threshold:
        return vectors
    return max(0, threshold - CATCHING_UP * (vectors - threshold))


def _replaces(collection: WritableCollection, slots: NDArray[np.uint32]) -> bool:
    """Whether some of these slots may have been in use before.

    Of vectors that waited for their links it is not recorded.
    """
    return len(slots) <= MOST_UNLINKED or bool((slots < collection.header.slots).any())


def _behind(progress: Progress | None, before: int) -> Progress | None:
    """The same callback for work of which the first `before` steps are not the caller's."""
    if progress is None or before == 0:
        return progress
    return lambda done, total: progress(max(0, done - before), total - before)


def _reporting(progress: Progress, before: int, share: int, total: int) -> Progress:
    """A callback for a step that does `share` of `total`, after `before` of it was done."""
    return lambda done, steps: progress(before + share * done // max(1, steps), total)


def _note(collection: WritableCollection, writer: Writer) -> None:
    header, generation = collection.header, collection.generation
    header.slots = writer.index.slots
    header.free_head, header.free_count = writer.free_head, writer.free_count
    generation.entry = writer.index.entry
    generation.longest = writer.index.longest.tolist()
    generation.unlinked_slots = writer.index.unlinked
