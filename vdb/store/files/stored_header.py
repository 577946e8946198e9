"""What a data file says of its database, checked before anything else in it is believed."""

from __future__ import annotations

from typing import Any

from vdb.errors import CorruptedError
from vdb.store.format import blocks, keys
from vdb.store.format.checksums import UNSALTED
from vdb.store.format.headers import DatabaseHeader
from vdb.store.format.versions import Identity

__all__ = ["read_header"]

_WHERE = "key 01 (database header)"


def read_header(txn: Any, page_size: int, data: str) -> DatabaseHeader:
    """The header of the database, in a transaction of LMDB's; `data` is the file, for messages.

    Raises:
        FormatVersionError: The file has a format that this release cannot read.
        CorruptedError: The header is missing or damaged, or does not suit pages of that size.
    """
    Identity.decode(txn.get(keys.IDENTITY)).check()
    stored = txn.get(keys.DATABASE)
    if stored is None:
        raise CorruptedError("missing", where=_WHERE)
    header = DatabaseHeader.decode(UNSALTED.unwrap(keys.DATABASE, stored))
    for field, expected in (
        ("page_size", page_size),
        ("small_block", blocks.small_block(page_size)),
        ("big_block", blocks.BIG_BLOCK),
    ):
        received = getattr(header, field)
        if received != expected:
            raise CorruptedError(
                f"{field}: expected {expected}, got {received}",
                where=_WHERE,
                expected=expected,
                received=received,
            )
    # Shorter blocks would lie inside a page, unaligned, and move when a neighbour changes.
    if min(header.small_block, header.big_block) <= blocks.largest_inline(page_size):
        raise CorruptedError("blocks are too small for the page size", where=data)
    return header
