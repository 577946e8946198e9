"""Progress bars on standard error: one line for each stage of a work, drawn over and over.

Only if standard error is a terminal. A bar has no escape sequences, so that any terminal can draw
it, and fits its line.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from vdb.cli.render.text import cell_width, printable, shortened

__all__ = ["counted", "stages"]

WIDEST = 40  # cells of the bar itself
BETWEEN_DRAWINGS = 0.1  # seconds


@contextmanager
def counted(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar for one stage; yields a function that takes the number done."""
    with stages() as show:
        yield lambda done: show(label, done, total)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stage; yields a function that takes (stage, done, total).

    A stage begins with its first call; a total of 0 means unknown.
    """
    bar: Bar | None = None
    enabled = sys.stderr.isatty()

    def show(label: str, done: int, total: int) -> None:
        nonlocal bar
        if not enabled:
            return
        if bar is None or bar.label != label:
            if bar is not None:
                bar.end()
            bar = Bar(label)
        bar.show(done, total)

    try:
        yield show
    finally:
        if bar is not None:
            bar.end()


@dataclass(slots=True)
class Bar:
    """The line of one stage."""

    label: str
    start: float = field(default_factory=time.monotonic)
    done: int = 0
    total: int = 0
    drawn_at: float = 0.0  # of the last drawing
    drawn_width: int = 0

    def show(self, done: int, total: int) -> None:
        """Take the state of the work, and draw it if the last drawing is old enough."""
        self.done, self.total = done, total
        if time.monotonic() - self.drawn_at >= BETWEEN_DRAWINGS:
            self.draw()

    def end(self) -> None:
        """Draw the last state, and begin a new line."""
        self.draw()
        sys.stderr.write("\n")
        sys.stderr.flush()

    def draw(self) -> None:
        """Draw the line over the one before."""
        self.drawn_at = time.monotonic()
        # A character in the last column would make some terminals begin a new line.
        columns = shutil.get_terminal_size().columns - 1
        line = bar_line(self.label, self.done, self.total, self.drawn_at - self.start, columns)
        width = cell_width(line)
        sys.stderr.write(f"\r{line}{' ' * (min(self.drawn_width, columns) - width)}")
        sys.stderr.flush()
        self.drawn_width = width


def bar_line(label: str, done: int, total: int, seconds: float, columns: int) -> str:
    """Label, bar, counts, rate and the time that is left, within so many cells."""
    rate = done / seconds if seconds > 0 else 0.0
    facts = [f"{done:,}/{total:,}" if total else f"{done:,}"]
    is_known = seconds >= BETWEEN_DRAWINGS or 0 < total <= done  # the first rates say nothing
    if is_known:
        facts.append(f"{rate:,.0f}/s")
    if is_known and total and rate:
        left = round(max(0, total - done) / rate)
        facts.append(f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02} left")
    text = "  ".join(facts)
    label = shortened(printable(label), max(10, columns // 3), "...")
    width = min(WIDEST, columns - cell_width(label) - len(text) - 5)  # 2 gaps, of 2 and 1, and []
    if width < 5 or not total:
        return shortened(f"{label}  {text}", columns, "...")
    filled = min(width, width * done // total)
    return f"{label} [{'#' * filled}{' ' * (width - filled)}]  {text}"
