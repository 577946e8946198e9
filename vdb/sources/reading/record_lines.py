"""JSON lines: one object a line, read one by one; a line has at most 16 MiB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from vdb.errors import DiskError, SourceError
from vdb.sources.reading.plain_json import PlainJsonError, plain_json

__all__ = ["json_lines", "line_error"]

LONGEST: Final = 16 << 20


def json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """The number of each line that is not empty, from 1, and its value.

    Raises:
        SourceError: A line is no JSON, or longer than 16 MiB; the place names it.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while text := file.readline(LONGEST + 1):
                number += 1
                if len(text) > LONGEST:
                    raise line_error(path, number, f"is longer than {LONGEST >> 20} MiB")
                if not text.strip():
                    continue
                try:
                    yield number, plain_json(text)
                except PlainJsonError as error:
                    raise line_error(path, number, str(error)) from None
    except OSError as error:
        if isinstance(error, DiskError):
            raise
        raise DiskError(f"{path} cannot be read: {error}") from error


def line_error(path: Path, number: int, reason: str) -> SourceError:
    """The error for a line."""
    place = f"line {number:,}"
    return SourceError(f"{path}: {place}: {reason}", path=str(path), place=place)
