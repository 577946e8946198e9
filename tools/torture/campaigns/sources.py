"""Damaged files of other systems: records as they stand, or a typed error that names the file."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import vdb
from tools.torture.damaged_sources.reader import Reader
from tools.torture.damaged_sources.small_sources import Small, small_sources
from tools.torture.shared.campaign import Campaign

DAMAGED = 10  # versions of each source in a round


class Sources(Campaign):
    """Each small source of each format, damaged ten times at random."""

    accepted = ("refused or read",)
    full = 70

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        (place / "sources").mkdir(exist_ok=True)
        self._sources = [one for one in small_sources(place / "sources") if _opens(one)]
        self._reader = Reader(place)
        self._seen: dict[str, Counter[str]] = defaultdict(Counter)

    def round(self, number: int) -> str:
        faults = []
        for small in self._sources:
            seen = self._seen[small.format]
            for outcome in self._reader.cases(small, f"{self.seed}.{number}", DAMAGED):
                seen["cases"] += 1
                if "fault" in outcome:
                    kept = outcome.get("kept")
                    faults.append(
                        f"{small.format}, {small.place.name}: {outcome['fault']} ({kept})"
                    )
                elif "text" in outcome:
                    text = f"{outcome['text']} ({outcome['kept']})"
                    faults.append(f"{small.format}, {small.place.name}: {text}")
                elif "asked" in outcome:
                    seen["refused, as there is no such memory"] += 1
                elif "refused" in outcome:
                    seen["refused"] += 1
                elif outcome["changed"]:
                    seen["read, other records"] += 1
                    if "wide" in outcome and outcome["flipped"]:
                        seen["of one bit, more than two records"] += 1
                else:
                    seen["read, the same records"] += 1
        return "\n  ".join(faults) if faults else self.accepted[0]

    def end(self) -> None:
        self._reader.close()
        names = list(dict.fromkeys(name for seen in self._seen.values() for name in seen))
        for name, seen in sorted(self._seen.items()):
            counts = ", ".join(f"{seen[one]:,} {one}" for one in names if seen[one])
            print(f"  {name}: {counts}")


def _opens(small: Small) -> bool:
    """Whether it can be read undamaged: some need a library, some are there to be refused."""
    try:
        with vdb.sources.open(small.place, small.format, **small.options) as source:
            for _ in source.batches():
                pass
    except (ImportError, vdb.VdbError):
        return False
    return True
