"""Writes the table in docs/decisions/README.md; with --check, says whether it is stale."""

from __future__ import annotations

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "docs" / "decisions"
PAGE = FOLDER / "README.md"

OPENING = """\
# Decisions

One page for each choice that somebody will question: the situation, the choice, the reasons, the
cost. Pages are numbered. A page keeps its text; a later page can replace it, and then both say so.

The paths in a page are those of its day. This table is written by
`tools/write_decisions_index.py` from the first lines of the pages.

| | decision | date | status | replaces |
|---:|---|---|---|---|
"""

_HEADING = re.compile(r"# (\d+)\. (.+)")
_STATUS = re.compile(
    r"\*(Accepted|Replaced by \[(\d+)\]\(\S+?\)), (\d{4}-\d\d-\d\d)\."
    r"(?: Replaces \[(\d+)\]\(\S+?\)\.)?\*"
)
_FORM = """\
A page begins with its number and title, an empty line, and its status in one line:

    # 54. What was decided, in plain words

    *Accepted, 2026-12-01.*

or *Replaced by [54](0054-the-file.md), 2026-12-01.*, or with *Replaces [12](0012-the-file.md).* in
the same line."""


def page() -> str:
    """The whole page, after a look at the links between the pages."""
    entries = {}
    for file in sorted(FOLDER.glob("[0-9]*.md")):
        lines = file.read_text(encoding="utf-8").splitlines()
        heading, status = _HEADING.fullmatch(lines[0]), _STATUS.fullmatch(lines[2])
        if not heading or not status or int(heading[1]) != int(file.name[:4]):
            sys.exit(f"{file.name} does not say its number, title and status. {_FORM}")
        entries[int(heading[1])] = (file.name, heading[2], *status.groups())
    rows = []
    for number, (name, title, words, successor, date, predecessor) in entries.items():
        if successor and entries[int(successor)][5] != str(number):
            sys.exit(f"{name} is replaced by {successor}, which does not say so")
        if predecessor and entries[int(predecessor)][3] != str(number):
            sys.exit(f"{name} replaces {predecessor}, which does not say so")
        replaces = f"[{predecessor}]({entries[int(predecessor)][0]})" if predecessor else ""
        state = words.lower() if not successor else words.replace("Replaced", "replaced")
        rows.append(f"| {number} | [{title}]({name}) | {date} | {state} | {replaces} |")
    return OPENING + "\n".join(rows) + "\n"


def main() -> None:
    """Writes the page, or compares it."""
    fresh = page()
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(fresh, encoding="utf-8", newline="\n")
    elif PAGE.read_text(encoding="utf-8") != fresh:
        sys.exit(f"{PAGE.name} is stale: run python tools/write_decisions_index.py")


if __name__ == "__main__":
    main()
