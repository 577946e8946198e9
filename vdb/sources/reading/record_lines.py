"""JSON lines: one value a line, read one by one; a line has at most 16 MiB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from vdb.errors import DiskError, SourceError
from vdb.sources.reading.plain_json import PlainJsonError, plain_json

__all__ = ["count_lines", "json_lines", "line_error", "object_lines"]

LONGEST: Final = 16 << 20

_EMPTY: Final = "an empty line before the end, where each line belongs to a row"


def json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """The number of each line that is not empty, from 1, and its value.

    Raises:
        SourceError: A line is no JSON, or longer than 16 MiB; the place names it.
    """
    for number, text in _texts(path, gaps=True):
        yield number, _value(path, number, text)


def object_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The number of each line, from 1, and its object; only at the end may lines be empty.

    Raises:
        SourceError: A line is no object of JSON, longer than 16 MiB, or empty before the end.
    """
    for number, text in _texts(path, gaps=False):
        value = _value(path, number, text)
        if not isinstance(value, dict):
            raise line_error(path, number, f"a JSON object is needed, got {_shown(value)}")
        yield number, value


def count_lines(path: Path) -> int:
    """The number of lines, without empty ones at the end; decodes nothing.

    Raises:
        SourceError: There is an empty line before the end, or one longer than 16 MiB.
    """
    return sum(1 for _ in _texts(path, gaps=False))


def line_error(path: Path, number: int, reason: str) -> SourceError:
    """The error for a line."""
    place = f"line {number:,}"
    return SourceError(f"{path}: {place}: {reason}", path=str(path), place=place)


def _texts(path: Path, *, gaps: bool) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty; `gaps`: whether others may lie between them."""
    number = empty_since = 0
    try:
        with path.open("rb") as file:
            while text := file.readline(LONGEST + 1):
                number += 1
                if len(text) > LONGEST:
                    raise line_error(path, number, f"is longer than {LONGEST >> 20} MiB")
                if text.isspace():
                    empty_since = empty_since or number
                    continue
                if empty_since and not gaps:
                    raise line_error(path, empty_since, _EMPTY)
                yield number, text
    except OSError as error:
        if isinstance(error, DiskError):
            raise
        raise DiskError(f"{path} cannot be read: {error.strerror or error}") from error


def _value(path: Path, number: int, text: bytes) -> Any:
    try:
        return plain_json(text)
    except PlainJsonError as error:
        raise line_error(path, number, str(error)) from None


def _shown(value: object) -> str:
    kinds = {"list": "an array", "str": "text", "NoneType": "null", "bool": str(value).lower()}
    return kinds.get(type(value).__name__, f"{value!r:.60}")
