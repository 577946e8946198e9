"""The layout of a table: widths of columns that fit a terminal, and its lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vdb.cli.render.text import cell_width, shortened, wrapped

__all__ = ["Layout"]

WIDEST_KEPT = 40  # largest width of a column next to a shortened one
NARROWEST_CUT = 10  # smallest width of a shortened column


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is drawn.

    Attributes:
        headings: The headings; None for a table without them.
        numbers: The right-aligned columns.
        shorten: The column that is cut at the edge of the terminal; the others wrap. None for none.
        width: Cells of a line; None for lines of any length.
        rule: The character of the line under the headings.
        ellipsis: What ends a text that is cut.
    """

    headings: Sequence[str] | None
    numbers: Collection[int] = ()
    shorten: int | None = None
    width: int | None = None
    rule: str = "─"
    ellipsis: str = "…"

    def lines(self, rows: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
        """The lines of the headings, and those of the rows and what frames them.

        A table without headings has columns two cells apart; one with them has a rule below them,
        and an empty line above and below.
        """
        widths = self.column_widths(rows)
        if self.headings is None:
            return [], [line for row in rows for line in self._row(row, widths, "", "  ")]
        head = self._row(self.headings, widths, " ", "   ")
        rule = " " + self.rule * (sum(widths) + 3 * (len(widths) - 1))
        body = [line for row in rows for line in self._row(row, widths, " ", "   ")]
        return ["", *head], [rule, *body, ""]

    def column_widths(self, rows: Sequence[Sequence[str]]) -> list[int]:
        """The width of each column, in cells: what its texts need, or less where that is too wide.

        The shortened column gives way first, then the widest of those that wrap: between words as
        long as that is enough. At last all do.
        """
        table = list(rows) if self.headings is None else [self.headings, *rows]
        columns = range(max(map(len, table)))
        widths = [max(cell_width(row[i]) for row in table) for i in columns]
        if self.width is None:
            return widths
        edge, gap = (0, 2) if self.headings is None else (1, 3)
        room = self.width - edge - gap * (len(widths) - 1)
        text = [i for i in columns if i not in self.numbers and i != self.shorten]
        if self.shorten is not None and sum(widths) > room:
            widths = [w if i == self.shorten else min(w, WIDEST_KEPT) for i, w in enumerate(widths)]
            widths = _narrowed(widths, {self.shorten: NARROWEST_CUT}, room)
        words = {i: max(_longest_word(row[i]) for row in table) for i in text}
        widths = _narrowed(widths, words, room)
        widths = _narrowed(widths, dict.fromkeys(text, 1), room)
        return _narrowed(widths, dict.fromkeys(columns, 1), room)

    def _row(self, row: Sequence[str], widths: list[int], edge: str, gap: str) -> list[str]:
        """The lines of one row; a cell that wraps has several."""
        cells = [self._cell(i, cell, widths[i]) for i, cell in enumerate(row)]
        lines = []
        for part in range(max(map(len, cells))):
            texts = (cell[part] if part < len(cell) else "" for cell in cells)
            aligned = (
                _aligned(text, width, right=i in self.numbers)
                for i, (text, width) in enumerate(zip(texts, widths, strict=False))
            )
            lines.append((edge + gap.join(aligned)).rstrip())
        return lines

    def _cell(self, column: int, text: str, width: int) -> list[str]:
        if column == self.shorten:
            return [shortened(text, width, self.ellipsis)]
        return wrapped(text, width)


def _narrowed(widths: list[int], least: dict[int, int], room: int) -> list[int]:
    """The widths, with the widest of some columns made equal until all columns fit into the room.

    Args:
        widths: Those of all columns.
        least: The columns that may give way, and the width below which each does not; so that all
            columns may not fit.
        room: The cells for all columns.
    """
    if sum(widths) <= room or not least:
        return widths

    def at(level: int) -> list[int]:
        return [
            max(min(width, level), min(width, least[i])) if i in least else width
            for i, width in enumerate(widths)
        ]

    level, high = 1, max(widths[i] for i in least)
    while level < high:
        middle = (level + high + 1) // 2
        if sum(at(middle)) <= room:
            level = middle
        else:
            high = middle - 1
    narrowed = at(level)
    for i in least:  # the level may free a few cells too many
        if narrowed[i] == level < widths[i] and sum(narrowed) < room:
            narrowed[i] += 1
    return narrowed


def _longest_word(text: str) -> int:
    return max(map(cell_width, text.split(" ")))


def _aligned(text: str, width: int, *, right: bool) -> str:
    fill = " " * (width - cell_width(text))
    return fill + text if right else text + fill
