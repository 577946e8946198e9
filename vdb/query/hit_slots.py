"""From hits back to the slots of their records."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.index.types import Reader, View
from vdb.model.hits import Hits

__all__ = ["slots_of_hits"]


def slots_of_hits(reader: Reader, view: View, hits: Hits) -> NDArray[np.uint32]:
    """The slots of the hits' records at the moment of the search, uint32, shape (n,)."""
    slots = []
    for record_id in hits.ids.tolist():
        slot = reader.slot_of(view, record_id)
        if slot is None:
            raise CorruptedError(
                "missing, and a record has it",
                where=f"collection {view.header.name!r}, id {record_id!r}",
            )
        slots.append(slot)
    return np.array(slots, dtype=np.uint32)
