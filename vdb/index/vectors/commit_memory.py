"""How much memory one commit of new vectors takes, and so how many fit a given amount."""

from __future__ import annotations

import mmap

from vdb.errors import InvalidArgumentError
from vdb.model.codes import CODES
from vdb.model.config import HNSW, IndexConfig
from vdb.model.dtypes import DType
from vdb.store.format.blocks import link_row_size

__all__ = ["LEAST_MEMORY", "rows_within"]

LEAST_MEMORY = 16 << 20
"""Bytes below which a limit cannot be kept: what one vector touches, and working space."""

_COPIES = 2.5  # of a vector: as it is stored, in its block, and in the transaction
_LINK_COPIES = 2  # of a block of links
_LINK_BLOCK = mmap.PAGESIZE  # LMDB makes its pages as large as the system's
_RECORD = 4096  # id and payload, decoded and encoded
_VISITED = 8  # bytes for each slot and thread: what a walk has seen


def rows_within(
    limit: int, *, dim: int, dtype: DType, index: IndexConfig, slots: int, threads: int
) -> int:
    """How many vectors a commit may add to `slots` others, so that it takes at most `limit` bytes.

    Counted is what is private to the process: copies of vectors and of the blocks of links that
    the new ones change, at worst one for each link, and what the threads remember. The file's pages
    in memory belong to the system, which takes them back as it needs them.

    Raises:
        InvalidArgumentError: Less than one vector takes.
    """
    row = _COPIES * dtype.row_bytes(dim) + _RECORD
    links = neighbors = 0
    left = float(limit)
    if isinstance(index, HNSW):
        links, neighbors = link_row_size(index.M, 0), 2 * index.M
        if index.codes is not None:
            row += _COPIES * CODES[index.codes].row_bytes(dim)
        left -= _VISITED * slots * threads + LEAST_MEMORY / 2

    def needed(rows: int) -> float:
        changed = min((slots + rows) * links, rows * neighbors * _LINK_BLOCK)
        return rows * row + _LINK_COPIES * changed

    if needed(1) > left or limit < LEAST_MEMORY:
        least = max(LEAST_MEMORY, int(limit - left + needed(1)) + 1)
        raise InvalidArgumentError(
            f"memory_limit must be at least {least:,} bytes for this collection, got {limit:,}",
            expected=least,
            received=limit,
        )
    low, high = 1, max(2, int(left // row) + 1)  # low rows fit, high rows do not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if needed(middle) <= left else (low, middle)
    return low
