"""How much address space one database may take of what its process has.

A map as large as can be had would be simplest, and was: some hundred and fifty of them used up all
the address space that a process has, or all that a limit (``ulimit -v``, RLIMIT_AS) left, and then
nothing could be allocated any more. So each takes a share of what is left: the first a quarter, the
second an eighth, the n-th a 4n-th. After two hundred there is still a quarter of it.

Under a limit the n-th takes a 16n²-th, soon the smallest map, and maps grow with their files: in
4 GiB, 300 small databases can be open, and each of them can grow.

Apart from its map, a database that may be written to takes 3 MiB of the heap: LMDB allocates its
lists of free and of dirty pages (131,072 entries of 8 and of 16 bytes) when it opens the file.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import resource

__all__ = ["FULL_MAP", "SMALLEST_MAP", "is_used_up", "map_for", "share"]

FULL_MAP = 1 << 40
"""Bytes of the largest map."""
SMALLEST_MAP = 1 << 22
"""Bytes that a map has at least; below, a database could hardly be written to."""
FIRST_ON_WINDOWS = 1 << 34
"""There a file is as long as its map as long as it is open."""

ROOM = 3 << 20
"""Bytes beyond what is used that a map should have before a commit of which nothing is known."""

RESERVE = 1 << 26
"""Bytes that no database takes under a limit: the process allocates and starts threads in them."""

_STATM = Path("/proc/self/statm")


def share(others: int, *, own: int = 0) -> int:
    """Bytes for the map of one database next to `others`; at least the smallest map.

    `own` are those that it has at this moment, and gives back first.
    """
    if sys.platform == "win32":
        return FIRST_ON_WINDOWS
    return max(SMALLEST_MAP, _whole(_part(_left(own, others), others)))


def is_used_up() -> bool:
    """Whether another database would take what the rest of the process needs.

    Only under a limit; of a small one a sixteenth is left alone, of others `RESERVE`.
    """
    if sys.platform == "win32" or not _reserve():
        return False
    in_use = _in_use()
    return in_use is not None and _limit() - in_use < SMALLEST_MAP + _reserve()


def _part(left: int, others: int) -> int:
    n = others + 1
    return min(FULL_MAP, left // (16 * n * n if _reserve() else 4 * n))


def map_for(used: int, room: int, others: int, *, own: int = 0) -> int:
    """Bytes that a map should have for a file that uses so many and is to take `room` more.

    At least its share; more than that only where half of what is left still allows it, and twice
    of what it needs only where every other database could have as much.
    """
    needed = min(FULL_MAP, 2 * used + room)
    granted = share(others, own=own)
    if needed <= granted:
        return granted
    if sys.platform == "win32":
        return _whole(needed)
    left = _left(own, others)
    comfortable = min(2 * needed, max(needed, left // (others + 1)))
    return max(granted, _whole(min(comfortable, left // 2)))


def _left(own: int, others: int) -> int:
    """What databases can still have, and what the others must have left of it at least."""
    in_use = _in_use()
    if in_use is not None:
        return max(0, _limit() - _reserve() - in_use + own)
    left = _limit() - _reserve()
    for before in range(others):
        left -= _part(left, before)
    return left


def _reserve() -> int:
    """Bytes that no database takes; none without a limit."""
    limit = _limit()
    return min(RESERVE, limit // 16) if limit < _largest() else 0


def _whole(size: int) -> int:
    """A size that every system takes: a multiple of 64 KiB, the largest page in use."""
    return size & ~0xFFFF


def _limit() -> int:
    """What the process may have in all, in bytes."""
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return _largest() if soft == resource.RLIM_INFINITY else min(soft, _largest())


@cache
def _largest() -> int:
    """The size of the address space as the system deals it out: 2^47 on most.

    On Linux there are smaller ones, and where maps lie tells it: near the upper end.
    """
    if sys.platform != "linux":
        return 1 << (46 if sys.maxsize > 1 << 32 else 31)
    with mmap.mmap(-1, mmap.PAGESIZE) as some:
        here = ctypes.c_char.from_buffer(some)
        address = ctypes.addressof(here)
        del here
    return 1 << max(32, address.bit_length())


def _in_use() -> int | None:
    """Bytes that the process has mapped already; None where the system does not say."""
    try:
        return int(_STATM.read_bytes().split()[0]) * mmap.PAGESIZE
    except (OSError, ValueError, IndexError):
        return None
