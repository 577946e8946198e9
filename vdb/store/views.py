"""Views: collections as one commit shows them, and how they live on through later commits.

A `CollectionView` belongs to one state of its collection. It holds no memory of LMDB itself, but
its block tables hold addresses in the map, valid under any snapshot in which the collection is in
that very state. So a view outlives every commit that did not touch its collection, and its
tables (with their resolved addresses) and whatever upper floors keep in ``cache`` with it.

A `ViewSet` is all views of one commit, made as they are asked for. `ViewSet.advanced` gives the set
of a later commit: untouched views move over as they are; of a touched collection the tables go on
with just the rewritten blocks forgotten. Older snapshots keep the set they began with.

Views are immutable but for lazily filled caches, and shared by all threads.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError, NotFoundError
from vdb.kernel import BlockTable, ResidentMemory
from vdb.store.format import blocks, journal, keys
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader, DatabaseHeader
from vdb.store.slot_count_check import Stored, require_slot_count
from vdb.store.state_cache import StateCache, empty_cache, next_cache

__all__ = [
    "CollectionView",
    "ViewSet",
    "Written",
    "build_view",
    "generation_view",
]


@dataclass(frozen=True, slots=True)
class CollectionView:
    """One collection in one state. Do not change header or generation: they are shared.

    Attributes:
        header: The collection's header.
        generation: The generation that is searched.
        vectors: Blocks of vectors.
        links: Blocks of links, one table a level, level 0 first; empty for a flat index.
        codes: Blocks of codes; None where the generation has none.
        cache: What floors above compute once for this state; see `state_cache`.
    """

    header: CollectionHeader
    generation: GenerationRecord
    vectors: BlockTable
    links: list[BlockTable]
    codes: BlockTable | None = None
    cache: StateCache = field(default_factory=empty_cache, compare=False)

    @property
    def tables(self) -> list[BlockTable]:
        """All of them: vectors, links by level, codes."""
        return [self.vectors, *self.links, *([] if self.codes is None else [self.codes])]


class Records(Stored, Protocol):
    """The source of a view: a snapshot."""

    def collection_number(self, name: str) -> int | None:
        """The number of a collection, or None."""

    def header_of(self, number: int) -> CollectionHeader:
        """The stored header of a collection."""

    def generation_of(self, header: CollectionHeader) -> GenerationRecord:
        """The stored generation that a header names."""


def build_view(
    database: DatabaseHeader,
    header: CollectionHeader,
    generation: GenerationRecord,
    *,
    older: CollectionView | None = None,
    changes: Mapping[journal.Table, NDArray[np.uint32] | None] | None = None,
    memory: ResidentMemory | None = None,
) -> CollectionView:
    """A view; with `older`, the same collection before `changes`, its tables live on.

    `memory` is for copies of blocks that searches read often; without it there are none.
    """
    if older is not None and _same_layout(header, generation, older):
        return _moved_on(header, generation, older, changes or {})
    tables: dict[journal.Table, BlockTable] = {}
    if older is not None:
        for table in older.tables:
            tables[table.generation, table.kind, table.level] = table

    def table_of(generation: int, kind: int, level: int, row_size: int, span: int) -> BlockTable:
        place = (generation, kind, level)
        before = tables.get(place)
        if before is not None and before.row_size == row_size:
            rewritten = (changes or {}).get(place, _NONE)
            return before.successor(rewritten, header.slots)
        return _table(
            prefix=keys.block_prefix(header.number, generation, kind, level),
            salt=database.uuid,
            collection=header.number,
            generation=generation,
            kind=kind,
            level=level,
            block_size=blocks.block_size(kind, database.small_block),
            row_size=row_size,
            slots=header.slots,
            span=span,
            memory=memory,
        )

    links = []
    if generation.index["type"] == "hnsw":
        M = generation.index["M"]
        for level in range(blocks.link_levels(M)):
            size = blocks.link_row_size(M, level)
            links.append(table_of(generation.number, blocks.LINKS, level, size, M**level))
    dim = header.row_dim(generation)
    row_size = blocks.vector_row_size(dim, generation.dtype)
    vectors = table_of(generation.vectors, blocks.VECTORS, 0, row_size, 1)
    codes = None
    if generation.index.get("codes") is not None:
        size = blocks.code_row_size(dim, generation.index["codes"])
        codes = table_of(generation.number, blocks.CODES, 0, size, 1)
    cache = empty_cache() if older is None else next_cache(older.cache)
    return CollectionView(header, generation, vectors, links, codes, cache)


def _same_layout(
    header: CollectionHeader, generation: GenerationRecord, older: CollectionView
) -> bool:
    """Whether the tables are those of an earlier view, with other blocks: all but a rebuild."""
    before = older.generation
    return (
        header.number == older.header.number
        and generation.number == before.number
        and generation.vectors == before.vectors
        and generation.dtype == before.dtype
        and generation.index == before.index
        and header.row_dim(generation) == older.header.row_dim(before)
    )


def _moved_on(
    header: CollectionHeader,
    generation: GenerationRecord,
    older: CollectionView,
    changes: Mapping[journal.Table, NDArray[np.uint32] | None],
) -> CollectionView:
    """The view after `changes` to blocks of tables that stay as they are laid out."""

    def later(table: BlockTable) -> BlockTable:
        place = (table.generation, table.kind, table.level)
        return table.successor(changes.get(place, _NONE), header.slots)

    codes = None if older.codes is None else later(older.codes)
    links = [later(table) for table in older.links]
    cache = next_cache(older.cache)
    return CollectionView(header, generation, later(older.vectors), links, codes, cache)


def generation_view(
    database: DatabaseHeader, view: CollectionView, generation: GenerationRecord
) -> CollectionView:
    """The same collection with another of its generations, at the same moment.

    Where both have the same vectors, the two share that table.
    """
    other = build_view(database, view.header, generation)
    if generation.vectors != view.generation.vectors:
        return other
    return replace(other, vectors=view.vectors)


def _table(**shape: Any) -> BlockTable:
    try:
        return BlockTable(**shape)
    except ValueError as error:  # no block has room for such a row
        where = f"generation {shape['generation']} of collection {shape['collection']}"
        raise CorruptedError(str(error), where=where) from None


_NONE: NDArray[np.uint32] = np.empty(0, np.uint32)
_NONE.flags.writeable = False


Written: TypeAlias = tuple[CollectionHeader, GenerationRecord]
"""The records of a collection after a commit of this process."""


class _Outdated(NamedTuple):
    """A view of an earlier commit, and the blocks that were rewritten since."""

    view: CollectionView
    changes: journal.Changes

    def followed_by(
        self,
        database: DatabaseHeader,
        header: CollectionHeader,
        generation: GenerationRecord,
        memory: ResidentMemory | None,
    ) -> CollectionView:
        """The view of the collection as it is now."""
        older = self.view
        own = {(table.generation, table.kind, table.level) for table in older.tables}
        if (header, generation) == (older.header, older.generation) and own.isdisjoint(
            self.changes
        ):
            return older  # only payloads changed, or another generation: a view holds neither
        return build_view(
            database, header, generation, older=older, changes=self.changes, memory=memory
        )


class ViewSet:
    """All collections as of one commit. Free for all threads."""

    __slots__ = ("_by_name", "_lock", "_memory", "_names", "_outdated", "database", "txn_id")

    def __init__(
        self, database: DatabaseHeader, txn_id: int, memory: ResidentMemory | None = None
    ) -> None:
        self.database = database
        self.txn_id = txn_id
        self._memory = memory
        self._by_name: dict[str, CollectionView] = {}
        self._names: dict[int, str] = {}  # of those, by the numbers of their collections
        self._outdated: dict[int, _Outdated] = {}
        self._lock = threading.RLock()  # a signal handler may come while it is held

    def names(self) -> dict[int, str]:
        """The names of the collections that have a view of this commit, by their numbers."""
        return {view.header.number: name for name, view in list(self._by_name.items())}

    def numbers(self) -> set[int]:
        """The numbers of the collections that have a view, of this commit or of an earlier one."""
        with self._lock:
            return {*self._names, *self._outdated}

    def view(self, name: str, records: Records) -> CollectionView:
        """The view of a collection; `records` reads this set's commit.

        Raises:
            NotFoundError: No collection of that name.
            CorruptedError: Its records are damaged.
        """
        view = self._by_name.get(name)
        if view is not None:
            return view
        with self._lock:
            view = self._by_name.get(name)
            if view is None:
                # The first one stays, should a signal handler have made it meanwhile.
                view = self._keep(name, self._read(name, records))
            return view

    def _read(self, name: str, records: Records) -> CollectionView:
        number = records.collection_number(name)
        if number is None:
            raise NotFoundError(f"no collection {name!r}", expected="a collection", received=name)
        header = records.header_of(number)
        if header.name != name:
            raise CorruptedError(
                f"name: expected {name!r}, got {header.name!r}",
                where=f"key 10 (header of collection {number})",
            )
        generation = records.generation_of(header)
        require_slot_count(records, header)
        outdated = self._outdated.get(number)
        if outdated is None:
            return build_view(self.database, header, generation, memory=self._memory)
        return outdated.followed_by(self.database, header, generation, self._memory)

    def advanced(
        self,
        database: DatabaseHeader,
        txn_id: int,
        changed: journal.Journal,
        dropped: Collection[int] = (),
        written: Mapping[int, Written] = MappingProxyType({}),
    ) -> ViewSet:
        """The set of a later commit, given all that was changed or dropped between the two.

        `written` has the new records of those that this process changed, which need no reading.
        """
        later = ViewSet(database, txn_id, self._memory)
        with self._lock:  # copied whole, which is quick: then only what changed is looked at
            later._by_name = self._by_name.copy()
            later._names = self._names.copy()
            later._outdated = self._outdated.copy()
        for number in {*changed, *dropped}:
            name = later._names.pop(number, None)
            entry = later._outdated.pop(number, None)
            if name is not None:
                view = later._by_name.pop(name)
                entry = _Outdated(view, changed.get(number, {}))
            elif entry is not None:
                entry = _Outdated(entry.view, journal.merge(entry.changes, changed.get(number, {})))
            if entry is None or number in dropped:
                continue
            if name is not None and number in written:
                # By its new name: the commit may have renamed it.
                view = entry.followed_by(database, *written[number], self._memory)
                later._keep(written[number][0].name, view)
            else:
                later._outdated[number] = entry
        return later

    def _keep(self, name: str, view: CollectionView) -> CollectionView:
        """Add a view to this set, unless the collection has one; returns the one that stays."""
        view = self._by_name.setdefault(name, view)
        self._names[view.header.number] = name
        self._outdated.pop(view.header.number, None)
        return view
