"""A graph that is built beside the one in use, over vectors that others go on changing.

The kernel's `Writer` holds what was linked and not yet stored. It sees the vectors of one moment;
`follow` moves it on to a later one. Between the two, some slots have got other vectors, or none:
`catch_up` takes these out of the graph first, which needs nothing but links, and links those that
are in use anew. So every link that stays was judged by the vectors of the moment it is seen with.

A generation of another dtype has vectors of its own, in the same slots: `copy` converts all there
are, in the order in which they lie, before the first is linked, and `catch_up` those that changed.
A free slot's place in the list of free ones stands in its row, and changes only with the slot, so
that the list is copied row by row like all else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.index.types import Fetch
from vdb.index.vectors.build_order import StridedOrder
from vdb.index.vectors.kernel_view import index_of
from vdb.index.vectors.search import Neighbors
from vdb.kernel import NONE, Index, Writer, sub_batch_size
from vdb.model.records import Progress
from vdb.store import CollectionView
from vdb.store.format import blocks
from vdb.store.format.generation import Build, GenerationRecord

__all__ = ["Building", "Convert", "Fit", "Vectors"]

_NOTHING: NDArray[np.uint32] = np.empty(0, np.uint32)

_WINDOW = 4096  # slots whose norms are looked at together

Fit: TypeAlias = Callable[[NDArray[np.uint32], NDArray[np.float32]], None]
"""Raises where vectors in these slots, of these norms, have no place in the graph."""

Convert: TypeAlias = Callable[[NDArray[np.uint32], Callable[[], NDArray[Any]]], NDArray[Any]]
"""Rows of these slots as the new generation stores them; raises where one has no place there. The
second argument returns the rows that are stored at present."""


class Vectors:
    """The vectors of a collection at one moment, by slot."""

    def __init__(self, view: CollectionView, fetch: Fetch) -> None:
        self._index, self._fetch = index_of(view), fetch
        self.row_bytes = view.vectors.row_size

    def used(self, slots: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which of the slots hold a vector."""
        return self.norms(slots) >= 0

    def norms(self, slots: NDArray[np.uint32]) -> NDArray[np.float32]:
        """Their lengths (L2 norms) by slot; negative where a slot holds no vector."""
        return self._index.norms_of(self._fetch, slots)

    def rows(self, slots: NDArray[np.uint32]) -> NDArray[Any]:
        """Copies of the vectors in these slots, which hold one each, as they are stored."""
        return self._index.vectors(self._fetch, np.ascontiguousarray(slots))


class Building:
    """One generation that is being built.

    Attributes:
        copied: Slots below have their vectors in blocks of its own, where it has such.
        slots: How many slots were looked at, in the order of `StridedOrder`.
        nodes: Vectors in the graph.
    """

    def __init__(
        self,
        current: CollectionView,
        view: CollectionView,
        fetch: Fetch,
        *,
        fit: Fit,
        convert: Convert | None,
        build: Build,
        threads: int,
    ) -> None:
        """Resume what `view` shows of it, over the vectors of `current`, which is in use.

        With `convert` the vectors in `view` are its own; without, they are those of `current`.
        `build` says how far it is.
        """
        self.copied = build.copied
        self.slots = build.slots
        self.nodes = build.nodes
        self._has_graph = bool(view.links)
        self._fit = fit
        self._convert = convert
        self._threads = threads
        self._fetch = fetch
        self._source: Index = index_of(current)  # where vectors come from
        self._writer = Writer(index_of(view), free_head=NONE, free_count=0)
        self._order = StridedOrder(build.spread, build.run)
        self._live: NDArray[np.uint32] = _NOTHING  # the next slots in use
        self._places: NDArray[np.uint32] = _NOTHING  # at which places they come
        self._looked_at = self.slots
        # Slots below have blocks of links: all, where it is held.
        self._filled = 0 if build.held is None else build.slots

    @property
    def dirty_bytes(self) -> int:
        """Bytes of blocks that are to be stored."""
        return self._writer.dirty_bytes

    def follow(self, current: CollectionView, fetch: Fetch) -> None:
        """See the vectors of a later moment; what changed since is to be given to `catch_up`."""
        self._fetch = fetch
        self._source = index_of(current)
        if self._convert is None:
            self._writer.follow(self._source)
        else:
            self._writer.grow(self._source.slots)
        self._live = self._places = _NOTHING
        self._looked_at = self.slots

    def catch_up(self, changed: NDArray[np.uint32], progress: Progress | None = None) -> int:
        """Link these slots as they are now, as far as they were looked at; how many they are."""
        # What waited for its links when the generation was last in use waits no longer.
        waiting = self._writer.index.unlinked
        looked_at = self._order.places(changed) < self.slots
        stale = changed[looked_at | (changed < self.copied)]
        changed = np.ascontiguousarray(np.union1d(changed[looked_at], waiting))
        if self._has_graph and changed.size:
            linked = self._writer.index.linked(self._fetch, changed)
            present = np.ascontiguousarray(changed[linked | np.isin(changed, waiting)])
            self._writer.remove(self._fetch, present, progress=progress)
            self.nodes -= len(present)
        self._renew(stale)
        used = np.ascontiguousarray(changed[self._used(changed)])
        if self._has_graph and changed.size:
            self._insert(used, progress, long_links=True)
        return len(changed)

    def holds(self, count: int) -> bool:
        """Whether the graph, if there is one, has just so many vectors."""
        return not self._has_graph or self.nodes == count

    # Vectors of its own

    def copy(self, most: int) -> bool:
        """Convert the vectors of the next slots, at most so many; False when all were."""
        if self._convert is None:
            return False
        first, end = self.copied, min(self._source.slots, self.copied + most)
        self._renew(np.arange(first, end, dtype=np.uint32))
        self.copied = max(first, end)
        return end > first

    def _renew(self, slots: NDArray[np.uint32]) -> None:
        """The rows of these slots as they are in the table they come from."""
        if self._convert is None or not slots.size:
            return
        norms = self._source.norms_of(self._fetch, slots)
        used = np.ascontiguousarray(slots[norms >= 0])
        rows = self._convert(used, lambda: self._source.vectors(self._fetch, used))
        self._writer.put(self._fetch, used, rows)
        empty = np.ascontiguousarray(slots[norms < 0])
        self._writer.copy_empty(self._fetch, self._source, empty)

    def _renew_new(self, first: int, end: int) -> None:
        """The same at these places, as far as the slots there came after all were copied."""
        if self._convert is not None:
            slots = self._order.slots(first, end)
            self._renew(np.ascontiguousarray(slots[slots >= self.copied]))

    # Linking

    def sweep(self, most: int, progress: Progress | None = None) -> bool:
        """Link the next slots in use, about `most`; False when all were linked.

        Where nothing changes meanwhile, the graph does not depend on where checkpoints lay, nor on
        whether it was interrupted: the same slots go in together.
        """
        count, began = 0, self.slots
        parts = []
        while count < most:
            size = sub_batch_size(self.nodes + count)
            if not self._find(count + size):
                size = len(self._live) - count
            if size <= 0:
                break
            parts.append(self._live[count : count + size])
            count += size
        self._live, self._places = self._live[count:], self._places[count:]
        self.slots = int(self._places[0]) if self._places.size else self._looked_at
        self._renew_new(began, self.slots)
        if not count:
            self._writer.fill(self._fetch, self._filled)
            self._filled = self.slots
            return False
        self._insert(np.concatenate(parts), progress)
        return True

    def _find(self, count: int) -> bool:
        """Look ahead to that many of the next slots in use; False where there are fewer."""
        total = self._source.slots
        live, places = [self._live], [self._places]
        size = len(self._live)
        while size < count and self._looked_at < total:
            end = min(total, self._looked_at + _WINDOW)
            slots = self._order.slots(self._looked_at, end)
            used = self._used(slots)
            live.append(slots[used])
            places.append(np.arange(self._looked_at, end, dtype=np.uint32)[used])
            self._looked_at = end
            size += len(live[-1])
        self._live, self._places = np.concatenate(live), np.concatenate(places)
        return size >= count

    def _used(self, slots: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which slots are in use; refuses what has no place in the graph."""
        norms = self._source.norms_of(self._fetch, slots)
        used: NDArray[np.bool_] = norms >= 0
        if self._convert is None:  # else converting does
            self._fit(slots[used], norms[used])
        return used

    def _insert(
        self, slots: NDArray[np.uint32], progress: Progress | None, *, long_links: bool = False
    ) -> None:
        self._writer.insert(
            self._fetch,
            slots,
            nodes=self.nodes,
            threads=self._threads,
            offer_long_links=long_links,
            progress=progress,
        )
        self.nodes += len(slots)

    # Storing

    def parts(self, most: int, small_block: int) -> Iterator[tuple[int, int]]:
        """Blocks to be stored, as (first, how many), cut so that each part has at most so many.

        A big block counts for as many small ones as fill it. There is one part at least.
        """
        first = count = size = 0
        for _, kind, _, numbers in self._writer.rewritten():
            weight = blocks.block_size(kind, small_block) // small_block
            left = len(numbers)
            while left:
                some = min(left, max((most - size) // weight, 0 if count else 1))
                if not some:
                    yield first, count
                    first, count, size = first + count, 0, 0
                count, size, left = count + some, size + some * weight, left - some
        yield first, count

    def seal(
        self, commit: int, first: int = 0, count: int | None = None
    ) -> list[tuple[bytes, Any]]:
        """Keys and finished values of `count` blocks to be stored, from the `first` on."""
        return self._writer.seal(commit, first, count)

    def stored(self) -> None:
        """All of them are where the next `fetch` finds them."""
        self._writer.stored()

    def note(self, record: GenerationRecord) -> None:
        """Put down in the generation's record how far it is, and where walks begin."""
        index = self._writer.index
        record.entry = index.entry
        record.longest = index.longest.tolist()
        record.unlinked_slots = index.unlinked
        if record.build is not None:
            build = record.build
            build.copied, build.slots, build.nodes = self.copied, self.slots, self.nodes

    # Judging

    def differing_slots(self) -> NDArray[np.uint32]:
        """Slots that hold a vector of its own and no record, or a record and none, ascending."""
        if self._convert is None:
            return _NOTHING
        own = self._writer.index.norms(self._fetch) >= 0
        present = self._source.norms(self._fetch) >= 0
        return np.flatnonzero(own != present).astype(np.uint32)

    def problems(self, current: CollectionView) -> Iterator[tuple[str, str]]:
        """Broken promises of vectors and graph, as (where, what)."""
        header = current.header
        yield from self._writer.index.verify(
            self._fetch, header.free_head, header.free_count, header.bare or 0
        )

    def vectors(self, slots: NDArray[np.uint32]) -> NDArray[Any]:
        """Copies of the vectors in these slots, as the new generation has them."""
        return self._writer.index.vectors(self._fetch, slots)

    def sample(self, size: int, seed: int) -> NDArray[np.uint32]:
        """At most so many slots in use, drawn evenly."""
        random = np.random.default_rng(seed)
        total = self._source.slots
        # More than are wanted, because some may be free.
        drawn = random.choice(total, size=min(total, 4 * size), replace=False)
        slots = drawn.astype(np.uint32)
        return np.ascontiguousarray(slots[self._used(slots)][:size])

    def search(self, queries: NDArray[Any], k: int, *, ef: int, exact: bool) -> Neighbors:
        """The k nearest under the metric of this generation; see `index.search`."""
        index, fetch = self._writer.index, self._fetch
        if exact or not self._has_graph:
            return Neighbors(*index.scan(fetch, queries, k, self._threads))
        return Neighbors(*index.search(fetch, queries, k, ef, self._threads))
