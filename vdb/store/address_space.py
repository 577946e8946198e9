"""How much address space one database may take of what its process has.

A map as large as can be had would be simplest, and was: some hundred and fifty of them used up all
the address space that a process has, or all that a limit (``ulimit -v``, RLIMIT_AS) left, and then
nothing could be allocated any more. So each takes a share of what is left: the first a quarter, the
second an eighth, the n-th a 4n-th. After two hundred there is still a quarter of it.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import resource

__all__ = ["FULL_MAP", "SMALLEST_MAP", "map_for", "share"]

FULL_MAP = 1 << 40
"""Bytes of the largest map."""
SMALLEST_MAP = 1 << 22
"""Bytes that a map has at least; below, a database could hardly be written to."""
FIRST_ON_WINDOWS = 1 << 34
"""There a file is as long as its map as long as it is open."""

ROOM = 1 << 22
"""Bytes beyond what is used that a map should have before a commit of which nothing is known."""

_STATM = Path("/proc/self/statm")
_SHARES = 4


def share(others: int, *, own: int = 0) -> int:
    """Bytes for the map of one database beside `others`; at least the smallest map.

    `own` are those that it has at this moment, and gives back first.
    """
    if sys.platform == "win32":
        return FIRST_ON_WINDOWS
    wanted = min(FULL_MAP, _left(own) // (_SHARES * (others + 1)))
    return max(SMALLEST_MAP, _whole(wanted))


def map_for(used: int, room: int, others: int, *, own: int = 0) -> int:
    """Bytes that a map should have for a file that uses so many and is to take `room` more.

    At least its share; more than that only where half of what is left still allows it.
    """
    wanted = min(FULL_MAP, 2 * used + room)
    granted = share(others, own=own)
    if wanted <= granted:
        return granted
    if sys.platform == "win32":
        return _whole(wanted)
    return max(granted, min(_whole(2 * wanted), _whole(_left(own) // 2)))


def _left(own: int) -> int:
    return max(0, _limit() - _taken() + own)


def _whole(size: int) -> int:
    """A size that every system takes: a multiple of 64 KiB, the largest page in use."""
    return size & ~0xFFFF


def _limit() -> int:
    """What the process may have in all, in bytes."""
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return _largest() if soft == resource.RLIM_INFINITY else min(soft, _largest())


@cache
def _largest() -> int:
    """The size of the processor's address space as the system deals it out: 2^47 mostly.

    Where maps lie tells it: near its upper end.
    """
    with mmap.mmap(-1, mmap.PAGESIZE) as some:
        here = ctypes.c_char.from_buffer(some)
        address = ctypes.addressof(here)
        del here
    return 1 << max(32, address.bit_length())


def _taken() -> int:
    """What the process has taken already; 0 where the system does not say."""
    try:
        return int(_STATM.read_bytes().split()[0]) * mmap.PAGESIZE
    except (OSError, ValueError, IndexError):
        return 0
