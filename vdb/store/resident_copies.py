"""How much private memory copies of blocks may take: what ``vdb.open(resident=...)`` says.

The kernel copies the links and codes that searches read (the vectors where there are no codes) into
pages of 2 MiB, a part with each search, as far as this allows; see `vdb/kernel/memory/`. Copies
follow commits, and live as long as a view that reads them. So they are given back by forgetting the
cached views: the next search makes new ones, which read the map.

Memory is looked at once a second at most, by whoever reads. Where it is short, of the system or of
the control group, copies are given back and none are made for a while.
"""

from __future__ import annotations

import time
from typing import Literal, TypeAlias

from vdb.kernel import ResidentMemory
from vdb.store.files import free_memory

__all__ = ["Resident", "ResidentCopies"]

Resident: TypeAlias = int | Literal["auto", "off"]
"""Bytes that copies may take; "auto": as many as there is memory for."""

_LOOK_SECONDS = 1.0
_SHORT_FOR_SECONDS = 60.0
_SHORT = 16  # memory is short where less than one part in so many is left,
_SHARE = 4  # and copies may take one part in so many of what is left
_LEAST_BYTES = 16 << 20  # "auto" copies nothing smaller: the processor's caches hold most of it


class ResidentCopies:
    """The budget of one open database, shared by all its tables. Free for all threads.

    Attributes:
        memory: The kernel's side of it.
    """

    def __init__(self, resident: Resident) -> None:
        """Nothing is looked at yet, so that opening takes no longer."""
        self.memory = ResidentMemory(limit=0, mapped=True)
        self._resident: Resident = resident
        self._next_look = 0.0

    def change(self, resident: Resident) -> None:
        """Another user of the database opened it; "auto" leaves everything as it is."""
        if resident not in ("auto", self._resident):
            self._resident = resident
            self._next_look = 0.0

    def look(self) -> bool:
        """Adapt the budget to the memory there is; whether copies are to be given back."""
        now = time.monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + _LOOK_SECONDS
        memory, resident = self.memory, self._resident
        room = None if resident in ("off", 0) else free_memory.room()
        if room is not None and room.free < room.total // _SHORT:
            self._next_look = now + _SHORT_FOR_SECONDS
            memory.limit = 0
        elif isinstance(resident, int):
            memory.least, memory.limit = 0, resident
        elif room is None:  # "off", or nobody says what there is
            memory.limit = 0
        else:
            memory.least = _LEAST_BYTES
            memory.limit = (room.free + memory.used) // _SHARE
        return memory.limit == 0 and memory.used > 0
