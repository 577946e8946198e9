"""Opening: from `vdb.open` to the first answer in a fresh process, and what `import vdb` costs.

The files are in the page cache (they have just been written). Sizes and imports take turns.
"""

import statistics
from collections.abc import Iterator, Sequence
from typing import Final

from .processes import run_child, save_queries
from .report import Row
from .stand import Stand

SMALL: Final = 3_000
LEAST_ROUNDS: Final = 9
ALLOWED_OPEN: Final = 0.020
ALLOWED_DIFFERENCE: Final = 0.002  # or three times the usual spread, where that is more
ALLOWED_IMPORT: Final = 0.060
BASE: Final = ("numpy", "lmdb", "msgpack")


def run(stand: Stand) -> Iterator[Row]:
    """Open a small and a large collection; import."""
    if not stand.settings.with_vdb:
        return
    rounds = max(LEAST_ROUNDS, stand.settings.rounds)
    yield from _open(stand, rounds)
    yield _import(rounds)


def _open(stand: Stand, rounds: int) -> Iterator[Row]:
    """Open + first search at both sizes, taking turns."""
    queries = str(save_queries(stand))
    sizes = (SMALL, stand.settings.synthetic_size)
    answers: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for size in sizes * (rounds + 1):
        answers[size].append(run_child("open", str(stand.database(size)), queries))
    seconds = {size: [one["seconds"] for one in answers[size][1:]] for size in sizes}
    for size in sizes:
        median = statistics.median(seconds[size])
        parts = {
            part: statistics.median(one[part] for one in answers[size][1:])
            for part in ("open", "first", "second")
        }
        yield Row(
            "open + first search",
            f"synthetic {size:,}",
            f"<= {ALLOWED_OPEN * 1e3:.0f} ms",
            f"{median * 1e3:.2f} ms  (open {parts['open'] * 1e3:.2f}, "
            f"first {parts['first'] * 1e3:.2f}, second {parts['second'] * 1e3:.2f})",
            median <= ALLOWED_OPEN,
            {"seconds": median, **parts},
        )
    difference = abs(statistics.median(seconds[sizes[1]]) - statistics.median(seconds[sizes[0]]))
    noise = max(ALLOWED_DIFFERENCE, 3 * max(_spread(seconds[size]) for size in sizes))
    yield Row(
        "open: large against small",
        f"synthetic {sizes[1]:,}",
        f"<= {noise * 1e3:.1f} ms apart",
        f"{difference * 1e3:.2f} ms",
        difference <= noise,
        {"difference": difference, "noise": noise},
    )


def _spread(values: Sequence[float]) -> float:
    """Median distance from the median."""
    middle = statistics.median(values)
    return statistics.median(abs(one - middle) for one in values)


def _import(rounds: int) -> Row:
    """What `import vdb` adds to importing what it stands on."""
    ours, base = [], []
    for _ in range(rounds + 1):
        ours.append(run_child("imports", "vdb")["seconds"])
        base.append(run_child("imports", *BASE)["seconds"])
    whole, part = statistics.median(ours[1:]), statistics.median(base[1:])
    return Row(
        "import vdb, more than " + ", ".join(BASE),
        "",
        f"<= {ALLOWED_IMPORT * 1e3:.0f} ms",
        f"{(whole - part) * 1e3:.1f} ms  ({whole * 1e3:.1f} against {part * 1e3:.1f})",
        whole - part <= ALLOWED_IMPORT,
        {"vdb": whole, "base": part},
    )
