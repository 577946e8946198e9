"""Two writers and four readers, a process each, of which readers are killed."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import ClassVar

import vdb
from tools.torture.shared.campaign import Campaign
from tools.torture.traffic.crew import Member
from tools.torture.traffic.roles import FINE
from tools.torture.traffic.traffic import WRITERS, Traffic, batches_at, fault

READERS = 4
LARGEST = 1.5


class Processes(Campaign):
    """Two seconds of two writers and four readers, one of which is killed."""

    accepted = ("sound",)
    full = 300
    kept: ClassVar[int] = 50_000
    seconds: ClassVar[float] = 2.0

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._traffic = Traffic(seed, self.kept, 64)
        self._live, self._said = place / "live.vdb", place / "said"
        with vdb.open(self._live, durability="relaxed") as db:
            if "log" not in db:
                self._traffic.make(db)
        self._started = self._moments = self._killed = self._longest = 0
        self._writers = [self._member("write", writer) for writer in WRITERS]
        self._readers = [self._reader() for _ in range(READERS)]

    def _member(self, role: str, number: int) -> Member:
        return Member(role, self._live, self._traffic, number, self._said)

    def _reader(self) -> Member:
        self._started += 1
        return self._member("read", 1000 * self.seed + self._started)

    def round(self, number: int) -> str:
        draw = random.Random(f"{self.seed} {number}")
        at = draw.uniform(0, self.seconds)
        time.sleep(at)
        killed = number % READERS
        heard = self._heard()
        self._readers[killed].kill()
        self._killed += 1
        self._readers[killed] = self._reader()
        time.sleep(self.seconds - at)
        heard += self._heard()
        fine = [int(line.removeprefix(FINE)) for line in heard if line.startswith(FINE)]
        self._moments += len(fine)
        self._longest = max([self._longest, *fine])
        wrong = [line for line in heard if not line.startswith(FINE)]
        wrong += filter(None, (one.complaint() for one in self._writers + self._readers))
        return wrong[0] if wrong else "sound"

    def _heard(self) -> list[str]:
        return [line for reader in self._readers for line in reader.heard()]

    def fault(self, seen: Counter[str]) -> str | None:
        del seen
        self._end_crew()
        with vdb.open(self._live, create=False) as db:
            problems = [str(problem) for problem in db.check()]
            wrong, batches = fault(db, self._traffic), batches_at(db)
            size = db.info().file_bytes
        if problems:
            return f"{len(problems)} problems: {problems[0]}"
        if wrong is not None:
            return wrong
        alone = self._alone(batches)
        print(
            f"{sum(batches.values()):,} commits, {self._moments:,} moments looked at twice, "
            f"for up to {self._longest} commits, {self._killed} readers killed; "
            f"file {size / 2**20:.0f} MiB, {size / alone:.2f} times that of one process"
        )
        if self._moments == 0:
            return "no reader came to anything"
        return None if size <= LARGEST * alone else f"the file is {size / alone:.2f} times as large"

    def _alone(self, batches: dict[int, int]) -> int:
        """Bytes of a file to which one process wrote the same."""
        with vdb.open(self.place / "alone.vdb", durability="relaxed") as db:
            self._traffic.make(db)
            remaining = dict(batches)
            while any(remaining.values()):
                for writer in WRITERS:
                    if remaining[writer]:
                        self._traffic.write(db, writer)
                        remaining[writer] -= 1
            return db.info().file_bytes

    def _end_crew(self) -> None:
        for one in self._writers + self._readers:
            one.end()
        self._writers, self._readers = [], []

    def end(self) -> None:
        self._end_crew()
