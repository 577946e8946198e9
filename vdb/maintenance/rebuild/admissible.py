"""Which vectors a generation to be cannot take, and how that is said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import InvalidVectorError
from vdb.maintenance.rebuild.conversion import Conversion
from vdb.maintenance.rebuild.target import Target, refused
from vdb.model.dtypes import DTYPES
from vdb.model.records import Id
from vdb.store import CollectionView, Snapshot

__all__ = ["misfit", "named", "refuse_unfit", "unfit"]

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
        _, taken = conversion.rows(index.stored_vectors(reader, view, slots))
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
    if why := misfit(reader, view, target, bad, exact=exact):
        raise InvalidVectorError(
            f"{why}; nothing was changed",
            expected=f"vectors that {_becoming(view, target)} accepts",
            received=list(named(reader, view, bad)),
        )


def misfit(
    reader: Snapshot,
    view: CollectionView,
    target: Target,
    bad: NDArray[np.uint32],
    *,
    exact: bool = False,
) -> str | None:
    """Why these slots' vectors stand against the target, and what helps; None for no slots."""
    if not bad.size:
        return None
    ids, count = named(reader, view, bad), len(bad)
    listed = ", ".join(map(repr, ids)) + (", ..." if count > len(ids) else "")
    vectors = f"{count:,} {'vector has' if count == 1 else 'vectors have'}"
    first, slot = next(iter(ids.items()))
    row = index.stored_vectors(reader, view, np.array([slot], dtype=np.uint32))[0]
    complaint = Conversion.to(target, view.header, exact=exact).complaint(row, f"that of {first!r}")
    place = "under that metric" if target.dtype == view.header.dtype else "there"
    advice = "Delete or replace these records first"
    if target.dtype == "int8" and DTYPES[view.header.dtype].real:
        advice += ", or keep the dtype and give codes='int8' for scalar quantization"
    return (
        f"collection {view.header.name!r} cannot become {_becoming(view, target)}: {vectors} no "
        f"place {place} (ids {listed}): {complaint}. {advice}"
    )


def _becoming(view: CollectionView, target: Target) -> str:
    metric = repr(target.metric)
    return metric if target.dtype == view.header.dtype else f"{target.dtype} under {metric}"
