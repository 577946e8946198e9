"""Which vectors a generation to be cannot take, and how that is said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.dtypes import DTYPES
from vdb.errors import InvalidVectorError
from vdb.maintenance.rebuild.conversion import Conversion
from vdb.maintenance.rebuild.target import Target, refused
from vdb.records import Id
from vdb.store import CollectionView, Snapshot

__all__ = ["named", "refuse_unfit", "unfit"]

NAMED = 5
"""Ids that a message lists."""

_ROWS = 1024


def unfit(
    reader: Snapshot,
    view: CollectionView,
    target: Target,
    *,
    among: NDArray[np.uint32] | None = None,
) -> NDArray[np.uint32]:
    """The slots of records that the target cannot take, rising.

    With `among`, vectors of its own have only these slots converted to them, and exactly.
    """
    norms = index.norms(reader, view)
    if target.dtype == view.header.dtype:
        bad = (norms >= 0) & refused(target.metric, DTYPES[target.dtype].real, norms)
        return np.flatnonzero(bad).astype(np.uint32)
    live = np.flatnonzero(norms >= 0).astype(np.uint32)
    conversion = Conversion.to(target, view.header, exact=among is not None)
    if among is not None:
        live = np.intersect1d(live, among)
    found = [live[:0]]
    for first in range(0, len(live), _ROWS):
        slots = live[first : first + _ROWS]
        _, taken = conversion.rows(index.vectors(reader, view, slots))
        found.append(slots[~taken])
    return np.concatenate(found)


def named(reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]) -> dict[Id, int]:
    """Ids as they are listed, with their slots; those of a collection are all int or all str."""
    ids = {reader.id_at(view, slot): slot for slot in slots[:NAMED].tolist()}
    order = sorted(ids, key=lambda value: (value if isinstance(value, int) else 0, str(value)))
    return {value: ids[value] for value in order}


def refuse_unfit(
    reader: Snapshot,
    view: CollectionView,
    target: Target,
    bad: NDArray[np.uint32],
    *,
    exact: bool = False,
) -> None:
    """Raise InvalidVectorError when there are any."""
    if not bad.size:
        return
    name, ids, count = view.header.name, named(reader, view, bad), len(bad)
    listed = ", ".join(map(repr, ids)) + (", ..." if count > len(ids) else "")
    vectors = f"{count:,} {'vector has' if count == 1 else 'vectors have'}"
    if target.dtype == view.header.dtype:
        what, place, why = repr(target.metric), "under that metric", ""
    else:
        what, place = f"{target.dtype} under {target.metric!r}", "there"
        first, slot = next(iter(ids.items()))
        row = index.vectors(reader, view, np.array([slot], dtype=np.uint32))[0]
        conversion = Conversion.to(target, view.header, exact=exact)
        why = f": {conversion.complaint(row, f'that of {first!r}')}"
    raise InvalidVectorError(
        f"collection {name!r} cannot become {what}: {vectors} no place {place} (ids {listed})"
        f"{why}. Delete or replace these records first; nothing was changed",
        expected=f"vectors that {what} accepts",
        received=list(ids),
    )
