"""Lengths of the stored vectors of a collection, of a large one from a sample of its blocks."""

from __future__ import annotations

import numpy as np

from vdb.index.types import Reader, View
from vdb.index.vectors.kernel_view import opened
from vdb.model.norm_stats import NormStats

__all__ = ["norm_stats"]

_BLOCKS = 64  # whose norms stand for those of a whole collection: 4 MiB


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
