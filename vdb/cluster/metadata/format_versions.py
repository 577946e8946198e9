"""Refusing what a later release wrote."""

from __future__ import annotations

from typing import Final

from vdb.errors import FormatVersionError
from vdb.store.format.decoder import Fields

__all__ = ["require_known_version"]

_LATEST: Final = (1 << 63) - 1


def require_known_version(fields: Fields, known: int, kind: str, where: str) -> None:
    """Read ``format_version``, and refuse one that this release does not know.

    Args:
        fields: Of the document or entry.
        known: The version that this release writes and reads.
        kind: What has the format, in the plural, for the message.
        where: What it was read from.

    Raises:
        FormatVersionError: It is a later one.
        CorruptedError: It is no version.
    """
    written = fields.whole("format_version", 1, _LATEST)
    if written > known:
        raise FormatVersionError(
            f"{where} has version {written} of the format of {kind}; this release reads {known}",
            expected=known,
            received=written,
        )
