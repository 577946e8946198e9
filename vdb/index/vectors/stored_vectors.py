"""Stored vectors by slot, and their norms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.index.types import Reader, View
from vdb.index.vectors.kernel_view import opened

__all__ = ["has_vector", "is_bare", "norms", "stored", "stored_vectors"]

BARE_NORM = -2.0
"""The stored norm of a slot whose record has no vector."""


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
