"""The seal around small values: what was written, and that it was written there.

A sealed value is the CRC-32C (u32, little-endian) of salt, key and body, followed by the body. The
salt is the database's uuid (empty for the database header, which holds it), so a value that was
moved to another key or taken from another database fails just like one with a flipped bit.
"""

from __future__ import annotations

import struct

from vdb.errors import CorruptedError
from vdb.kernel import crc32c

__all__ = ["SEAL_SIZE", "UNSALTED", "Seal"]

SEAL_SIZE = 4
_CHECKSUM = struct.Struct("<I")


class Seal:
    """Seals values of one database and opens them again. Immutable; free for all threads.

    Attributes:
        start: The checksum of the salt, which all others go on from.
    """

    __slots__ = ("start",)

    def __init__(self, salt: bytes) -> None:
        self.start = crc32c(salt)

    def wrap(self, key: bytes, body: bytes) -> bytes:
        """`body` as it is stored under `key`: four bytes longer."""
        return _CHECKSUM.pack(crc32c(body, crc32c(key, self.start))) + body

    def unwrap(self, key: bytes, value: bytes) -> bytes:
        """The body of a stored value.

        Raises:
            CorruptedError: The checksum does not fit; names the key.
        """
        body = value[SEAL_SIZE:]
        if len(value) < SEAL_SIZE or _CHECKSUM.unpack_from(value)[0] != crc32c(
            body, crc32c(key, self.start)
        ):
            raise CorruptedError("checksum does not match", where=f"key {key.hex()}")
        return body


UNSALTED = Seal(b"")
"""For the database header, where the salt is not known yet."""
