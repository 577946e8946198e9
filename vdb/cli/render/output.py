"""Results as tables or JSON, progress bars and errors. The only file of this package that prints.

Results go to standard output, progress and errors to standard error. Text from a database is
printed without control characters, so that no payload can control a terminal.
"""

from __future__ import annotations

import codecs
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from vdb.cli.render.plain import named, plain
from vdb.model.section import Section

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

__all__ = [
    "complain",
    "facts",
    "is_bounded",
    "json_object",
    "line",
    "number",
    "printable",
    "progress",
    "sections",
    "sentence",
    "stages",
    "table",
]

# Widths in characters.
WIDEST_KEPT = 40  # largest width of a column next to a shortened one
NARROWEST_CUT = 10  # smallest width of a shortened column
GAP = 3  # between two columns
NARROWEST = 60  # smallest width of a table; a narrower terminal wraps the lines
UNBOUNDED = 1 << 20  # width of a table without a terminal


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
    from rich import box
    from rich.table import Table
    from rich.text import Text

    cells = [[printable(cell) for cell in row] for row in rows]
    headings = columns or [""] * max((len(row) for row in cells), default=1)
    terminal = console()
    if terminal.width >= UNBOUNDED:
        shorten = None
    grid = Table(
        show_header=columns is not None,
        box=box.SIMPLE_HEAD if columns is not None else None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    right = set(numbers)
    widths = _widths(headings, cells, shorten, terminal.width)
    for i, name in enumerate(headings):
        grid.add_column(
            Text(name),
            justify="right" if i in right else "left",
            no_wrap=i == shorten or i in right,
            overflow="ellipsis" if i == shorten else "fold",
            width=widths[i],
        )
    for row in cells:
        grid.add_row(*(Text(cell) for cell in row))
    # The table's own title would be cut to the width of the table.
    terminal.print(Text(printable(title), style="bold"), soft_wrap=True)
    if cells:
        terminal.print(grid)


def _widths(
    headings: Sequence[str], rows: Sequence[Sequence[str]], shorten: int | None, screen: int
) -> list[int | None]:
    """The width of each column; None leaves it to Rich, unless one column is shortened.

    Then the other columns get the width they need, and that one gets the rest.
    """
    from rich.cells import cell_len

    if shorten is None:
        return [None] * len(headings)
    widths: list[int | None] = []
    rest = screen
    for i, name in enumerate(headings):
        widest = max(cell_len(text) for text in [name, *(row[i] for row in rows)])
        widths.append(min(widest, WIDEST_KEPT))
        rest -= min(widest, WIDEST_KEPT) + GAP if i != shorten else GAP
    widths[shorten] = max(NARROWEST_CUT, rest)
    return widths


def sections(parts: Iterable[Section]) -> None:
    """Prints the sections of an explanation: titles, and lines of (label, content)."""
    for part in parts:
        table(part.title, None, [(f"  {label}", content) for label, content in part.lines])


def sentence(severity: str, text: str) -> None:
    """Prints ``severity: text`` on one line, with a coloured severity on a terminal."""
    from rich.text import Text

    style = {"error": "bold red", "warning": "yellow"}.get(severity, "")
    styled = Text.assemble((printable(severity), style), ": ", printable(text))
    console().print(styled, soft_wrap=True)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; yields a function that takes the number done.

    Without a terminal there is no bar.
    """
    with _bar() as bar:
        task = bar.add_task(printable(label), total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each stage; yields a function that takes (stage, done, total).

    A stage begins with its first call; a total of 0 means unknown.
    """
    with _bar() as bar:
        tasks: dict[str, TaskID] = {}

        def show(label: str, done: int, total: int) -> None:
            if label not in tasks:
                for task in tasks.values():
                    bar.stop_task(task)
                tasks[label] = bar.add_task(printable(label), total=None)
            bar.update(tasks[label], completed=done, total=total or None)

        yield show


def _bar() -> Progress:
    """A progress bar, disabled if standard error is not a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            rate = task.finished_speed or task.speed
            return Text(f"{rate:,.0f}/s" if rate else "", style="progress.data.speed")

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(stderr=True),
        speed_estimate_period=300,  # seconds; a step of an import may take several
    )
    bar.disable = not bar.console.is_terminal
    return bar


def console() -> Console:
    """Rich's console for standard output; plain text without a width if it is not a terminal."""
    from rich.console import Console

    bounded = sys.stdout.isatty() or "COLUMNS" in os.environ
    screen = Console(
        width=None if bounded else UNBOUNDED, markup=False, highlight=False, emoji=False
    )
    screen.width = max(screen.width, NARROWEST)
    return screen


def is_bounded() -> bool:
    """Whether tables are cut to a width."""
    return console().width < UNBOUNDED


def printable(text: str) -> str:
    """``text`` with unprintable characters as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


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
