"""From a collection as the store hands it out to the kernel's view of it.

The kernel's `Index` is made once for each state of a collection and kept in the view's cache, so a
search on a collection that has not changed starts with everything in place. In a batch it is the
`Writer`'s own, which shows the changes made so far.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vdb.errors import CorruptedError
from vdb.index.types import Fetch, Reader, View
from vdb.kernel import Index, Writer
from vdb.store import Batch, CacheSlot, CollectionView, Snapshot, WritableCollection

__all__ = ["index_of", "opened", "writer_of"]

_INDEX = CacheSlot[Index]("the kernel's index")


def opened(reader: Reader, collection: View) -> tuple[Index, Fetch]:
    """The kernel's index of a collection, and how it gets at blocks while `reader` lives."""
    if isinstance(collection, CollectionView):
        fetch = reader.fetch if isinstance(reader, Snapshot) else reader.base.fetch
        return index_of(collection), fetch
    if not isinstance(reader, Batch):
        raise TypeError("a collection inside a batch is read through its batch")
    if isinstance(collection.writer, Writer):
        return collection.writer.index, reader.base.fetch
    return index_of(collection.view), reader.base.fetch


def writer_of(collection: WritableCollection) -> Writer:
    """The batch's private copies of the collection's blocks, made when first asked for."""
    writer = collection.writer
    if not isinstance(writer, Writer):
        header = collection.header
        writer = Writer(
            index_of(collection.view), free_head=header.free_head, free_count=header.free_count
        )
        collection.writer = writer
    return writer


def _index(**parts: Any) -> Index:
    try:
        return Index(**parts)
    except ValueError as error:  # what a generation says of itself does not go together
        table = parts["vectors"]
        where = f"generation {table.generation} of collection {table.collection}"
        raise CorruptedError(str(error), where=where) from None


def index_of(view: CollectionView) -> Index:
    """The kernel's index of one state of a collection, made once for it."""
    cached = view.cache.get(_INDEX)
    if cached is not None:
        return cached
    header, generation = view.header, view.generation
    parameters = generation.index
    flat = parameters["type"] == "flat"
    index = _index(
        metric=generation.metric,
        dim=header.row_dim(generation),
        dtype=generation.dtype,
        vectors=view.vectors,
        links=view.links,
        codes=view.codes,
        code_type=parameters.get("codes") or "",
        M=0 if flat else parameters["M"],
        ef_construction=0 if flat else parameters["ef_construction"],
        seed=0 if flat else parameters["seed"],
        slots=header.slots,
        entry=generation.entry,
        longest=np.array(generation.longest, dtype=np.uint32),
        unlinked=generation.unlinked_slots,
    )
    view.cache[_INDEX] = index
    return index
