"""Stored vectors by slot, and their norms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.index.types import Reader, View
from vdb.index.vectors.kernel_view import opened
from vdb.model.records import NormStats

__all__ = ["has_vector", "is_bare", "norm_stats", "norms", "stored", "stored_vectors"]

BARE_NORM = -2.0
"""The stored norm of a slot whose record has no vector."""

_BLOCKS = 64  # whose norms stand for those of a whole collection: 4 MiB


def stored_vectors(reader: Reader, view: View, slots: NDArray[np.uint32]) -> NDArray[Any]:
    """Copies of the vectors in these slots, (n, dim), exactly as they were stored; bits packed."""
    index, fetch = opened(reader, view)
    rows = index.vectors(fetch, slots)
    if not view.header.dim:
        _require_none(view, slots)
        return rows[:, :0]
    return rows


def stored(reader: Reader, view: View, slots: NDArray[np.uint32]) -> list[NDArray[Any] | None]:
    """The vectors in these slots, None where there is none."""
    index, fetch = opened(reader, view)
    used = index.norms_of(fetch, slots) >= 0
    if not view.header.dim:
        _require_none(view, slots[used])
    rows = iter(index.vectors(fetch, np.ascontiguousarray(slots[used])))
    return [next(rows) if there else None for there in used.tolist()]


def _require_none(view: View, slots: NDArray[np.uint32]) -> None:
    """CorruptedError for slots with a vector in a collection whose dimension is open."""
    if slots.size:
        raise CorruptedError(
            f"slot {slots[0]} holds a vector, and the dimension is open",
            where=f"collection {view.header.name!r}",
        )


def has_vector(reader: Reader, view: View, slots: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which of these slots in use have a vector: bool (n,)."""
    if not view.header.bare:
        return np.ones(len(slots), dtype=np.bool_)
    index, fetch = opened(reader, view)
    there: NDArray[np.bool_] = index.norms_of(fetch, np.ascontiguousarray(slots)) >= 0
    return there


def is_bare(reader: Reader, view: View, slots: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which of these slots say that their record has no vector: bool (n,)."""
    index, fetch = opened(reader, view)
    bare: NDArray[np.bool_] = index.norms_of(fetch, slots) == BARE_NORM
    return bare


def norms(reader: Reader, view: View) -> NDArray[np.float32]:
    """The stored norm of every slot, float32 (slots,); below 0 where there is no vector."""
    index, fetch = opened(reader, view)
    return index.norms(fetch)


def norm_stats(reader: Reader, view: View) -> NormStats:
    """Smallest, largest and mean L2 norm of the vectors in some blocks spread over all of them.

    Every vector is looked at where there are `_BLOCKS` blocks at most.
    """
    index, fetch = opened(reader, view)
    table, slots = view.vectors, view.header.slots
    blocks = -(-slots // table.rows)
    chosen = np.unique(np.linspace(0, max(0, blocks - 1), min(blocks, _BLOCKS)).astype(np.int64))
    places = (chosen[:, None] * table.rows + np.arange(table.rows)).ravel()
    norms = index.norms_of(fetch, places[places < slots].astype(np.uint32)).astype(np.float64)
    norms = norms[norms >= 0]
    if not norms.size:
        return NormStats(count=0, min=0.0, max=0.0, mean=0.0)
    low, high, mean = norms.min(), norms.max(), norms.mean()
    return NormStats(count=len(norms), min=float(low), max=float(high), mean=float(mean))
