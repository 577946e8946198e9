"""Parts of the pages that are written from the rows of formats."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["chapters", "fact_table", "option_list", "title_line", "write_or_check"]


def chapters(
    opening: str,
    kinds: Mapping[str, str],
    rows: Iterable[Any],
    section: Callable[[Any], Iterator[str]],
) -> str:
    """A page: its opening, and a chapter for each kind of rows, with a section for each row."""
    parts, listed = [opening], list(rows)
    for kind, title in kinds.items():
        chosen = [row for row in listed if row.kind == kind]
        if chosen:
            parts.append(f"## {title}\n")
            parts.extend(part for row in chosen for part in section(row))
    return "\n".join(parts)


def title_line(row: Any) -> str:
    """The head of a section: the name of a format, and its title as a sentence."""
    return f"### {row.name}\n\n{_wrapped(f'{row.title[0].upper()}{row.title[1:]}.')}\n"


def option_list(options: Sequence[Any]) -> Iterator[str]:
    """The options of a format with their choices, as one list, if there are any."""
    if options:
        lines = (f"- `{one.name}`: {_described(one)}" for one in options)
        yield "\n".join(map(_wrapped, lines)) + "\n"


def write_or_check(page: Path, fresh: str, tool: str) -> None:
    """Write a page, or with --check end the program if it is not as it would be written."""
    if "--check" in sys.argv[1:]:
        if not page.exists() or page.read_text(encoding="utf-8") != fresh:
            sys.exit(f"{page} is stale: run python tools/{tool}")
        return
    page.write_text(fresh, encoding="utf-8", newline="\n")


def fact_table(facts: Mapping[str, str]) -> str:
    """A table of two columns, without facts that have no text."""
    rows = (f"| {name} | {text} |" for name, text in facts.items() if text)
    return "\n".join(["| | |", "|---|---|", *rows]) + "\n"


def _wrapped(text: str) -> str:
    """A paragraph, or an entry of a list, in lines of at most 110 columns."""
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(
        text, 110, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _described(option: object) -> str:
    """The help of an option, with its choices."""
    help_text, choices = getattr(option, "help", ""), getattr(option, "choices", ())
    return help_text + (f" ({', '.join(choices)})" if choices else "")
