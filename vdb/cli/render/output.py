"""Results as tables or JSON, and errors. The only file that prints, beside `progress_bar`.

Results go to standard output, errors to standard error. Text from a database is
printed without control characters, so that no payload can control a terminal.
"""

from __future__ import annotations

import codecs
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from typing import Any

import click

from vdb.cli.render.plain import named, plain
from vdb.cli.render.table_layout import Layout
from vdb.cli.render.text import printable
from vdb.model.section import Section

__all__ = [
    "complain",
    "facts",
    "is_bounded",
    "json_object",
    "line",
    "number",
    "sections",
    "sentence",
    "table",
]

NARROWEST = 60  # smallest width of a table, in cells; a narrower terminal wraps the lines


def json_object(value: Any) -> None:
    """Prints one JSON object (a dataclass or a mapping) with its fields in order.

    It is ASCII if standard output is not UTF-8: the stream would escape other characters in a way
    that is not JSON.
    """
    text = json.dumps(plain(value), ensure_ascii=not _is_utf8(), indent=2, allow_nan=False)
    # JSON escapes the control characters below the space; terminals interpret a few more.
    _write("".join(c if c.isprintable() or c == "\n" else _in_json(c) for c in text))


def _in_json(character: str) -> str:
    return json.dumps(character)[1:-1] if ord(character) > 0x9F else f"\\u{ord(character):04x}"


def _is_utf8() -> bool:
    try:
        return codecs.lookup(sys.stdout.encoding or "").name == "utf-8"
    except (AttributeError, LookupError):
        return False


def line(text: str) -> None:
    """Prints one line, with unprintable characters as escapes: paths and ids may hold any."""
    _write(printable(text))


def _write(text: str) -> None:
    print(text)  # noqa: T201 - this is the file that prints


def complain(text: str) -> None:
    """Prints ``vdb: text`` on standard error, always as one line."""
    print(f"vdb: {printable(' '.join(text.split()))}", file=sys.stderr)  # noqa: T201


def facts(title: str, value: Any) -> None:
    """Prints the simple fields of a dataclass in one table, and each list or mapping in its own.

    Fields that are None or empty are left out.
    """
    single: list[tuple[str, str]] = []
    tables: list[tuple[str, list[str] | None, list[list[str]]]] = []
    for name, item in named(value).items():
        if item is None or item in ({}, (), []):
            continue
        if isinstance(item, Mapping):
            tables.append((_words(name), None, [[str(key), _cell(n)] for key, n in item.items()]))
        elif isinstance(item, list | tuple) and is_dataclass(item[0]):
            # A column that no row fills is left out.
            filled = [
                column
                for column in named(item[0])
                if any(named(i)[column] is not None for i in item)
            ]
            columns = [_words(column) for column in filled]
            rows = [[_cell(named(i)[column]) for column in filled] for i in item]
            tables.append((_words(name), columns, rows))
        else:
            single.append((_words(name), _cell(item)))
    table(title, None, single)
    for below, headings, lines in tables:
        line("")
        table(below, headings, lines)


def table(
    title: str,
    columns: Sequence[str] | None,
    rows: Iterable[Sequence[str]],
    *,
    numbers: Iterable[int] = (),
    shorten: int | None = None,
) -> None:
    """Prints a table; only its title without rows.

    It is as wide as the terminal. Without a terminal, no text is cut or wrapped.

    Args:
        title: The line above it.
        columns: The headings; None for a table without them.
        rows: The cells, as text.
        numbers: The right-aligned columns.
        shorten: The column that is cut at the edge of the terminal; the others wrap.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    _write(_styled(printable(title), bold=True))
    if not cells:
        return
    width = _table_width()
    plain_characters = {} if _is_utf8() else {"rule": "-", "ellipsis": "..."}
    layout = Layout(
        columns, set(numbers), None if width is None else shorten, width, **plain_characters
    )
    head, body = layout.lines(cells)
    for text in head:
        _write(_styled(text, bold=True))
    for text in body:
        _write(text)


def sections(parts: Iterable[Section]) -> None:
    """Prints the sections of an explanation: titles, and lines of (label, content)."""
    for part in parts:
        table(part.title, None, [(f"  {label}", content) for label, content in part.lines])


def sentence(severity: str, text: str) -> None:
    """Prints ``severity: text`` on one line, with a coloured severity on a terminal."""
    color, bold = {"error": ("red", True), "warning": ("yellow", None)}.get(severity, (None, None))
    _write(f"{_styled(printable(severity), fg=color, bold=bold)}: {printable(text)}")


def is_bounded() -> bool:
    """Whether tables are cut to a width."""
    return sys.stdout.isatty() or "COLUMNS" in os.environ


def _table_width() -> int | None:
    """The width of the terminal, or of `COLUMNS`; None if there is none."""
    return max(shutil.get_terminal_size().columns, NARROWEST) if is_bounded() else None


def _styled(text: str, *, fg: str | None = None, bold: bool | None = None) -> str:
    """The text with escape sequences for its style, if a terminal that knows them shows it."""
    known = sys.platform != "win32" or "WT_SESSION" in os.environ or "TERM" in os.environ
    dumb = os.environ.get("TERM") == "dumb" or os.environ.get("NO_COLOR")
    if not text or not sys.stdout.isatty() or dumb or not known:
        return text
    return click.style(text, fg=fg, bold=bold)


def number(value: float) -> str:
    """A score or a value, to six digits."""
    return f"{value:.6g}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _cell(item: Any) -> str:
    if item is None or item in ({}, (), []):
        return "-"
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, int):
        return f"{item:,}"
    if isinstance(item, float):
        return number(item)
    if isinstance(item, datetime):
        return f"{item:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(item, list | tuple):
        return ", ".join(map(_cell, item))
    if is_dataclass(item) and type(item).__str__ is not object.__str__:
        return str(item)
    if is_dataclass(item):
        return ", ".join(f"{_words(name)} {_cell(part)}" for name, part in named(item).items())
    return str(item)
