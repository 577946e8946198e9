"""The format version and the identity record, the first thing read of any database.

The identity lies under key ``00`` and never changes its shape, so that every release can tell
whether it may read on::

    b"vdbstore"   8 bytes
    version       u32 little-endian
    release       UTF-8, the rest of the value: the oldest release that reads this version

The format version is an integer of its own, not the package's: most releases change no byte.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from vdb.errors import CorruptedError, FormatVersionError

__all__ = ["FORMAT_VERSION", "MAGIC", "OLDEST_READABLE", "RELEASES", "Identity"]

MAGIC = b"vdbstore"

FORMAT_VERSION = 1
"""The version that this release writes."""

OLDEST_READABLE = 1
"""The oldest version that this release reads."""

RELEASES = {1: "0.1.0"}
"""Version -> the first release that reads it. Numbers are never reused.

1: the first format.
"""

_NUMBER = struct.Struct("<I")
_LONGEST_RELEASE = 64


class Identity(NamedTuple):
    """What key ``00`` says: a format version and the oldest release that reads it."""

    version: int
    release: str

    def encode(self) -> bytes:
        """The value as stored."""
        return MAGIC + _NUMBER.pack(self.version) + self.release.encode()

    @classmethod
    def decode(cls, value: bytes | None) -> Identity:
        """The stored identity, of whatever version.

        Raises:
            CorruptedError: The value is missing or is not an identity.
        """
        start = len(MAGIC) + _NUMBER.size
        if value is None:
            raise CorruptedError("the identity record is missing", where="key 00")
        if value[: len(MAGIC)] != MAGIC or not start < len(value) <= start + _LONGEST_RELEASE:
            raise CorruptedError("not the identity record of a vdb database", where="key 00")
        (version,) = _NUMBER.unpack_from(value, len(MAGIC))
        try:
            release = value[start:].decode("ascii")
        except UnicodeDecodeError:
            raise CorruptedError("release is not text", where="key 00") from None
        return cls(version, release)

    def check(self) -> None:
        """Refuse a version that this release does not read.

        Raises:
            FormatVersionError: The database is newer, or older than anything still read.
        """
        if OLDEST_READABLE <= self.version <= FORMAT_VERSION:
            return
        readable = (
            f"{FORMAT_VERSION}"
            if OLDEST_READABLE == FORMAT_VERSION
            else f"{OLDEST_READABLE} to {FORMAT_VERSION}"
        )
        raise FormatVersionError(
            f"the database has format version {self.version}, which vdb {self.release!r} or later "
            f"reads; this release reads {readable}",
            expected=(OLDEST_READABLE, FORMAT_VERSION),
            received=self.version,
        )


CURRENT = Identity(FORMAT_VERSION, RELEASES[FORMAT_VERSION])
