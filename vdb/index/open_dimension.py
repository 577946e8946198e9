"""The dimension of a collection that was made without one: the first vector says it.

Until then rows of vectors are laid out as for a few dimensions. The commit of the first vector lays
them out anew, in a generation of its own where there are records without a vector already.
"""

from __future__ import annotations

import time

import numpy as np

from vdb import index
from vdb.index.vectors.change import lay_out
from vdb.index.vectors.new_generation import new_generation
from vdb.model.config import index_from_map
from vdb.store import Batch, WritableCollection, generations
from vdb.store.format.limits import NO_SLOT

__all__ = ["fix"]


def fix(batch: Batch, coll: WritableCollection, dim: int) -> None:
    """Give a collection whose dimension is open that many dimensions."""
    header, before = coll.header, coll.generation
    if not header.slots:
        header.dim = dim
        batch.begin_anew(coll, before)
        return
    slots = np.arange(header.slots, dtype=np.uint32)
    bare = index.is_bare(batch, coll, slots)
    record = new_generation(
        header.next_generation, before.metric, before.dtype, index_from_map(before.index)
    )
    header.dim = dim
    header.next_generation += 1
    header.put_to_use(record, when=time.time(), reason="dimension known")
    header.slots = header.free_count = 0
    header.free_head = NO_SLOT
    batch.begin_anew(coll, record)
    lay_out(batch, coll, bare)
    generations.retire(batch, coll, before.number)
