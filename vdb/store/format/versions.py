"""The format version and the identity record, the first thing read of any database.

The identity lies under key ``00`` and never changes its shape, so that every release can tell
whether it may read on::

    b"vdbstore"   8 bytes
    version       u32 little-endian
    release       UTF-8, the rest of the value: the oldest release that reads this version

The format version is an integer of its own, not the package's: most releases change no byte.

A new database has the first version that is still written, and so has every file that uses nothing
of later ones. The commit that first writes something of a later version puts the identity of that
version (`Transaction.require_format`). A file never goes back to an earlier one.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from vdb.errors import CorruptedError, FormatVersionError

__all__ = [
    "ALIAS_VERSION",
    "FIRST_VERSION",
    "FORMAT_VERSION",
    "INITIAL",
    "MAGIC",
    "OLDEST_READABLE",
    "RELEASES",
    "Identity",
]

MAGIC = b"vdbstore"

FORMAT_VERSION = 2
"""The newest version that this release reads and writes."""

FIRST_VERSION = 1
"""The version of files that use nothing of later ones."""

OLDEST_READABLE = 1
"""The oldest version that this release reads."""

RELEASES = {1: "0.1.0", 2: "0.2.0"}
"""Version -> the first release that reads it. Numbers are never reused.

1: the first format.
2: records without a vector, a dimension that is open, aliases of collections, declared fields with
   points in their names, generations of another model or dimension, generations that are held.
"""

ALIAS_VERSION = 2
"""The first version whose files may have aliases."""

_NUMBER = struct.Struct("<I")
_LONGEST_RELEASE = 64


class Identity(NamedTuple):
    """What key ``00`` says: a format version and the oldest release that reads it."""

    version: int
    release: str

    @classmethod
    def of(cls, version: int) -> Identity:
        """The identity of a version that this release writes."""
        return cls(version, RELEASES[version])

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


INITIAL = Identity.of(FIRST_VERSION)
"""The identity of a new database."""
