"""Reading ranges of keys, a handful at a time, so that no cursor outlives a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lmdb

from vdb.model import pauses
from vdb.store.files.lmdb_errors import translate

__all__ = ["CHUNK_BYTES", "CHUNK_ITEMS", "read_range"]

CHUNK_ITEMS = 512
CHUNK_BYTES = 1 << 20


def read_range(
    txn: Any, prefix: bytes, start: bytes, path: Path, until: bytes | None = None
) -> tuple[list[tuple[bytes, bytes]], bytes | None]:
    """A handful of items, copied, and the key to go on from; None when `prefix` has ended.

    The first item at or behind `until` is the last.
    """
    pauses.pace()
    items: list[tuple[bytes, bytes]] = []
    size = 0
    try:
        with txn.cursor() as cursor:
            if not cursor.set_range(start):
                return items, None
            for stored_key, stored_value in cursor.iternext(keys=True, values=True):
                key = bytes(stored_key)
                if not key.startswith(prefix):
                    return items, None
                if len(items) >= CHUNK_ITEMS or size >= CHUNK_BYTES:
                    return items, key
                value = bytes(stored_value)
                size += len(value)
                items.append((key, value))
                if until is not None and key >= until:
                    return items, None
    except lmdb.Error as error:
        raise translate(error, path) from error
    return items, None
