"""How large the next map of a data file is to be, and whether a batch should wait for it."""

from __future__ import annotations

from vdb.store.files import address_space, registry

__all__ = ["MapGrowth"]


class MapGrowth:
    """Room that batches of one database asked for; used by the holder of the writer lock."""

    def __init__(self) -> None:
        """Nothing was asked for yet."""
        self._room = 0  # bytes beyond what is in use, that the next map shall have
        self._was_full = False

    def next_size(self, file_size: int) -> int:
        """Bytes for a new map of a file of that size."""
        self._was_full = False
        return address_space.map_for(file_size, self._room, registry.count())

    def note_full(self) -> None:
        """A batch came to the end of the map: the next one begins with a larger one."""
        self._was_full = True

    def is_needed(self, room: int, *, used: int, size: int) -> bool | None:
        """Whether a batch of `room` bytes needs a larger map, and one can be had.

        Args:
            room: Bytes that the batch is going to write, as far as that is known.
            used: Bytes of the file in use.
            size: Bytes of the present map.

        Returns:
            None where it should have one, but may do without.
        """
        if self._was_full:
            room = max(room, 4 * size)
        room += address_space.ROOM
        if size >= min(address_space.FULL_MAP, 2 * used + room):
            return False
        if address_space.map_for(used, room, registry.count(), own=size) < size + size // 4:
            return False
        self._room = room
        return True if self._was_full or size < used + room else None
