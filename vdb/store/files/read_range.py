"""Reading ranges of keys, a handful at a time, so that no cursor outlives a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lmdb

from vdb.store.files.lmdb_errors import translate

__all__ = ["CHUNK_BYTES", "CHUNK_ITEMS", "chunk"]

CHUNK_ITEMS = 512
CHUNK_BYTES = 1 << 20


def chunk(
    txn: Any, prefix: bytes, start: bytes, path: Path, until: bytes | None = None
) -> tuple[list[tuple[bytes, bytes]], bytes | None]:
    """A handful of items, copied, and the key to go on from; None when `prefix` has ended.

    The first item at or behind `until` is the last.
    """
    found: list[tuple[bytes, bytes]] = []
    size = 0
    try:
        with txn.cursor() as cursor:
            if not cursor.set_range(start):
                return found, None
            for stored_key, stored_value in cursor.iternext(keys=True, values=True):
                key = bytes(stored_key)
                if not key.startswith(prefix):
                    return found, None
                if len(found) >= CHUNK_ITEMS or size >= CHUNK_BYTES:
                    return found, key
                value = bytes(stored_value)
                size += len(value)
                found.append((key, value))
                if until is not None and key >= until:
                    return found, None
    except lmdb.Error as error:
        raise translate(error, path) from error
    return found, None
