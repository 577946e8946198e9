"""Removing all records of a collection at once.

Records, ids and postings are removed in the commit itself. The blocks of vectors and links belong
to a generation: an empty one takes its place, and later commits remove the blocks, a bounded number
each. Nothing is unlinked, which makes it much faster than deleting every record.
"""

from __future__ import annotations

import sys
import time

from vdb.index.fields import postings
from vdb.index.vectors.new_generation import new_generation
from vdb.model.config import index_from_map
from vdb.store import Batch, WritableCollection, generations
from vdb.store.format import keys
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.limits import NO_SLOT

__all__ = ["clear"]

_REASON = "cleared"


def clear(batch: Batch, coll: WritableCollection) -> int:
    """Removes all records; returns how many there were.

    Metric, dtype, parameters of the index and declared fields stay as they are. A kept generation
    and an unfinished rebuild are dropped: they are of the records that were there.
    """
    header = coll.header
    if not header.slots:
        return 0
    removed = header.count
    with batch.changing():
        for kind in (KeyKind.ID, KeyKind.RECORD, KeyKind.PART):
            batch.delete_all(keys.within(kind, header.number))
        for line in header.fields:
            postings.drop(batch, coll, line["number"])
            line["built"] = NO_SLOT
        if header.text_fields:
            from vdb.index.text import text_writer

            for line in header.text_fields:
                text_writer.clear(batch, coll, line["number"])
                line["built"] = NO_SLOT
        # What an earlier call has left behind must not pile up.
        generations.remove_retired(batch, coll, sys.maxsize)
        _begin_empty_generation(batch, coll)
    return removed


def _begin_empty_generation(batch: Batch, coll: WritableCollection) -> None:
    header, before = coll.header, coll.generation
    retired = [number for number in (header.building, header.kept) if number]
    record = new_generation(
        header.next_generation, before.metric, before.dtype, index_from_map(before.index)
    )
    header.next_generation += 1
    header.building = header.kept = 0
    header.id_kind = None
    header.slots = header.count = header.free_count = 0
    header.free_head = NO_SLOT
    if header.bare is not None:
        header.bare = 0
    _forget_last_clear(header)
    header.put_to_use(record, when=time.time(), reason=_REASON)
    batch.begin_anew(coll, record)
    for generation in (*retired, before.number):  # after the header names them no more
        generations.retire(batch, coll, generation)


def _forget_last_clear(header: CollectionHeader) -> None:
    """Calls in a row take one line of the history, which has room for few."""
    last = header.history[-1]
    if (last["reason"], last["seconds"], last["recall"]) == (_REASON, None, None):
        header.history.pop()
