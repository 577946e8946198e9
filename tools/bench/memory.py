"""Private memory that opening a collection and 1,000 searches add to a fresh process."""

import statistics
from collections.abc import Iterator
from typing import Final

from .processes import run_child, save_queries
from .report import Row
from .stand import Stand

MIB: Final = 2**20
ALLOWED: Final = 32 * MIB
ROUNDS: Final = 3


def run(stand: Stand) -> Iterator[Row]:
    """Measure in fresh processes; page cache behind the database's map is not counted."""
    if not stand.settings.with_vdb:
        return
    size = stand.settings.synthetic_size
    path, queries = str(stand.database(size)), str(save_queries(stand))
    answers = [run_child("memory", path, queries) for _ in range(ROUNDS)]
    private = statistics.median(one["private"] for one in answers)
    mapped = statistics.median(one["mapped"] for one in answers)
    yield Row(
        "private memory, open + 1,000 searches",
        f"synthetic {size:,}",
        f"<= {ALLOWED // MIB} MiB",
        f"{private / MIB:.1f} MiB  (shared with other processes: {mapped / MIB:.1f} MiB)",
        private <= ALLOWED,
        {"private": private, "mapped": mapped},
    )
