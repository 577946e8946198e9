"""Who is in memory together: as many as fit, so that as many as possible take turns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .built import Case
from .contestants import Contestant
from .course import Course

SHARE: Final = 0.5  # of the memory that is free; the rest is page cache
GROWTH: Final = 1.3  # of an index over vectors and links


def grouped(
    course: Course, case: Case, contestants: Sequence[Contestant]
) -> list[list[Contestant]]:
    """Cut up in order; one place in each group is left for the reference."""
    size = course.together
    if not size:
        data = case.files.mapped()
        one = GROWTH * len(data.vectors) * (4 * data.dim + 8 * course.M)
        size = max(1, int(SHARE * _free_memory() / one) - 1)
    return [list(contestants[start : start + size]) for start in range(0, len(contestants), size)]


def _free_memory() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0
