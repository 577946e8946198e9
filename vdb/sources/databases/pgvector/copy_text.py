r"""Rows that COPY wrote as text or as CSV.

Source: the page on COPY of PostgreSQL's manual. Text has a tab between columns, ``\N`` for null,
and a few escapes; CSV has an empty field without quotes for null.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from vdb.errors import DiskError, SourceError

__all__ = ["Row", "csv_rows", "text_error", "text_rows"]

Row = list[str | None]

_LONGEST: Final = 16 << 20  # bytes of a line
_END: Final = "\\."
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def text_rows(path: Path, offset: int, first_line: int) -> Iterator[tuple[int, Row]]:
    r"""The rows of text from a byte on to the line ``\.`` or the end, with their line numbers.

    Raises:
        SourceError: A line is not UTF-8, or longer than 16 MiB.
    """
    with _opened(path) as file:
        file.seek(offset)
        number = first_line
        while line := file.readline(_LONGEST + 1):
            text = _decoded(path, number, line)
            if text == _END:
                return
            yield number, [_unescaped(field) for field in text.split("\t")]
            number += 1


def csv_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows of CSV with their line numbers; an empty field is null."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, strict=True)
        csv.field_size_limit(_LONGEST)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except (csv.Error, UnicodeDecodeError) as error:
                raise text_error(path, rows.line_num, str(error)) from error
            yield rows.line_num, [field or None for field in row]


def text_error(path: Path, line: int, reason: str) -> SourceError:
    """The error for a line."""
    place = f"line {line:,}"
    return SourceError(f"{path}: {place}: {reason}", path=str(path), place=place)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise DiskError(f"{path} cannot be read: {error.strerror or error}") from error


def _decoded(path: Path, number: int, line: bytes) -> str:
    if len(line) > _LONGEST:
        raise text_error(path, number, f"is longer than {_LONGEST >> 20} MiB")
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise text_error(path, number, f"is not UTF-8 at byte {error.start:,}") from error


def _unescaped(field: str) -> str | None:
    if "\\" not in field:
        return field
    if field == "\\N":
        return None
    return _ESCAPE.sub(_character, field)


def _character(match: re.Match[str]) -> str:
    escape = match[1]
    if escape[0] == "x" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    if escape[0] in "01234567":
        return chr(int(escape, 8) & 0xFF)
    return _LETTERS.get(escape, escape)
