"""A graph that is built beside the one in use, over vectors that others go on changing.

The kernel's `Writer` holds what was linked and not yet stored. It sees the vectors of one moment;
`follow` moves it on to a later one. Between the two, some slots have got other vectors, or none:
`catch_up` takes these out of the graph first, which needs nothing but links, and links those that
are in use anew. So every link that stays was judged by the vectors of the moment it is seen with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.format.generation import GenerationRecord
from vdb.index.opened import Fetch, index_of
from vdb.index.search import Found
from vdb.index.spread import Spread
from vdb.kernel import NONE, Index, Writer, sub_batch_size
from vdb.records import Progress
from vdb.store import CollectionView

__all__ = ["Building", "Fit"]

_NOTHING: NDArray[np.uint32] = np.empty(0, np.uint32)

_WINDOW = 4096  # slots whose norms are looked at together

Fit: TypeAlias = Callable[[NDArray[np.uint32], NDArray[np.float32]], None]
"""Raises where vectors in these slots, of these norms, have no place in the graph."""


class Building:
    """One generation that is being built.

    Attributes:
        slots: How many slots were looked at, in the order of `spread`.
        nodes: Vectors in the graph.
    """

    def __init__(
        self,
        beside: CollectionView,
        view: CollectionView,
        fetch: Fetch,
        *,
        fit: Fit,
        slots: int,
        nodes: int,
        spread: int,
        threads: int,
    ) -> None:
        """Go on with what `view` shows of it, over the vectors of `beside`, which is in use.

        `spread` is how many of its slots are linked in strides of runs, see `Spread`.
        """
        self.slots = slots
        self.nodes = nodes
        self._has_graph = bool(view.links)
        self._fit = fit
        self._threads = threads
        self._fetch = fetch
        self._vectors: Index = index_of(beside)
        self._writer = Writer(index_of(view), free_head=NONE, free_count=0)
        self._order = Spread(spread)
        self._live: NDArray[np.uint32] = _NOTHING  # the next slots in use
        self._places: NDArray[np.uint32] = _NOTHING  # at which places they come
        self._looked_at = slots
        self._filled = 0  # slots below have blocks of links

    @property
    def dirty_blocks(self) -> int:
        """Blocks that are to be stored."""
        return self._writer.dirty_blocks

    def follow(self, beside: CollectionView, fetch: Fetch) -> None:
        """See the vectors of a later moment; what changed since is to be given to `catch_up`."""
        self._fetch = fetch
        self._vectors = index_of(beside)
        self._writer.follow(self._vectors)
        self._live = self._places = _NOTHING
        self._looked_at = self.slots

    def catch_up(self, changed: NDArray[np.uint32], progress: Progress | None = None) -> int:
        """Link these slots as they are now, as far as they were looked at; how many they are."""
        # What waited for its links when the generation was last in use waits no longer.
        waiting = self._writer.index.unlinked
        known = changed[self._order.places(changed) < self.slots]
        changed = np.ascontiguousarray(np.union1d(known, waiting))
        if not changed.size:
            return 0
        used = np.ascontiguousarray(changed[self._used(changed)])
        if self._has_graph:
            linked = self._writer.index.linked(self._fetch, changed)
            present = np.ascontiguousarray(changed[linked | np.isin(changed, waiting)])
            self._writer.remove(self._fetch, present, progress=progress)
            self.nodes -= len(present)
            self._insert(used, progress)
        return len(changed)

    def holds(self, count: int) -> bool:
        """Whether the graph, if there is one, has just so many vectors."""
        return not self._has_graph or self.nodes == count

    def sweep(self, most: int, progress: Progress | None = None) -> bool:
        """Link the next slots in use, about `most`; False when all were linked.

        Where nothing changes meanwhile, the graph does not depend on where checkpoints lay, nor on
        whether it was gone on with: the same slots go in together.
        """
        taken = 0
        parts = []
        while taken < most:
            size = sub_batch_size(self.nodes + taken)
            if not self._find(taken + size):
                size = len(self._live) - taken
            if size <= 0:
                break
            parts.append(self._live[taken : taken + size])
            taken += size
        if not taken:
            self.slots = self._looked_at
            self._writer.fill(self._fetch, self._filled)
            self._filled = self.slots
            return False
        self._insert(np.concatenate(parts), progress)
        self._live, self._places = self._live[taken:], self._places[taken:]
        self.slots = int(self._places[0]) if self._places.size else self._looked_at
        return True

    def _find(self, wanted: int) -> bool:
        """Know that many of the next slots in use; False where there are fewer."""
        total = self._vectors.slots
        found, places = [self._live], [self._places]
        size = len(self._live)
        while size < wanted and self._looked_at < total:
            end = min(total, self._looked_at + _WINDOW)
            slots = self._order.slots(self._looked_at, end)
            used = self._used(slots)
            found.append(slots[used])
            places.append(np.arange(self._looked_at, end, dtype=np.uint32)[used])
            self._looked_at = end
            size += len(found[-1])
        self._live, self._places = np.concatenate(found), np.concatenate(places)
        return size >= wanted

    def _used(self, slots: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which slots are in use; refuses what has no place in the graph."""
        norms = self._vectors.norms_of(self._fetch, slots)
        used: NDArray[np.bool_] = norms >= 0
        self._fit(slots[used], norms[used])
        return used

    def _insert(self, slots: NDArray[np.uint32], progress: Progress | None) -> None:
        self._writer.insert(
            self._fetch, slots, nodes=self.nodes, threads=self._threads, progress=progress
        )
        self.nodes += len(slots)

    # Storing

    def seal(self, commit: int, first: int, count: int) -> list[tuple[bytes, Any]]:
        """Keys and finished values of `count` dirty blocks, from the `first` on."""
        return self._writer.seal(commit, first, count)

    def stored(self) -> None:
        """All dirty blocks are where the next `fetch` finds them."""
        self._writer.stored()

    def note(self, record: GenerationRecord) -> None:
        """Put down in the generation's record where walks begin."""
        index = self._writer.index
        record.entry = index.entry
        record.longest = index.longest.tolist()
        record.unlinked = index.unlinked.tolist()

    # Judging

    def problems(self, beside: CollectionView) -> Iterator[tuple[str, str]]:
        """Broken promises of vectors and graph, as (where, what)."""
        header = beside.header
        yield from self._writer.index.verify(self._fetch, header.free_head, header.free_count)

    def vectors(self, slots: NDArray[np.uint32]) -> NDArray[Any]:
        """Copies of the vectors in these slots."""
        return self._vectors.vectors(self._fetch, slots)

    def sample(self, size: int, seed: int) -> NDArray[np.uint32]:
        """At most so many slots in use, drawn evenly."""
        random = np.random.default_rng(seed)
        total = self._vectors.slots
        # More than are wanted, because some may be free.
        drawn = random.choice(total, size=min(total, 4 * size), replace=False)
        slots = drawn.astype(np.uint32)
        return np.ascontiguousarray(slots[self._used(slots)][:size])

    def search(self, queries: NDArray[Any], k: int, *, ef: int, exact: bool) -> Found:
        """The k nearest under the metric of this generation; see `index.search`."""
        index, fetch = self._writer.index, self._fetch
        if exact or not self._has_graph:
            return Found(*index.scan(fetch, queries, k, self._threads))
        return Found(*index.search(fetch, queries, k, ef, self._threads))
