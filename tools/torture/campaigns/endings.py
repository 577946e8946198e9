"""Processes that end, or are interrupted, in the middle of a call."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import vdb
from tools.torture.long_calls import calls
from tools.torture.shared.campaign import Campaign

ROUNDS = 20
"""Of each call."""
PATIENCE = 120
"""Seconds for one process."""

LATE = 0.3
"""Seconds within which Ctrl-C is answered: of the processor time of one thread, because other
programs take theirs."""
LATE_BY_THE_CLOCK = 2.0


class _Lasting(Campaign):
    """A database that is made once, and a copy of it for each call, in turn."""

    accepted = ("right",)
    full = ROUNDS * len(calls.CALLS)
    records = 5000

    def __init__(self, place: Path, seed: int, names: Sequence[str] = tuple(calls.CALLS)) -> None:
        super().__init__(place, seed)
        self._names = names
        self._template = place / "template.vdb"
        if not self._template.exists():
            calls.make(self._template, self.records)

    def _copied(self) -> Path:
        path = self.place / "lasting.vdb"
        for old in self.place.glob("lasting.vdb*"):
            shutil.rmtree(old)
        shutil.copytree(self._template, path)
        return path

    def _run(
        self, program: str, path: Path, *arguments: object
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", f"tools.torture.long_calls.{program}", path, *arguments]
        return subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def _chosen(self, number: int) -> tuple[str, random.Random]:
        return self._names[number % len(self._names)], random.Random(f"{self.seed} {number}")


def _wrong(path: Path) -> str:
    """What is wrong with a database that a process left; nothing, when it is sound."""
    with vdb.open(path, create=False) as db:
        problems = [str(problem) for problem in db.check()]
        db.collection("docs").upsert(-1, [0.0] * calls.DIM)
    return f"not sound: {problems[:3]}" if problems else ""


class Endings(_Lasting):
    """A process ends while a daemon thread makes a call that lasts."""

    def round(self, number: int) -> str:
        name, draw = self._chosen(number)
        path = self._copied()
        completed = self._run("ending", path, name, 0.6 * draw.random())
        if completed.returncode != 0 or "terminate" in completed.stderr:
            return f"{name}: status {completed.returncode}: {completed.stderr[-300:]}"
        wrong = _wrong(path)
        return f"{name}: {wrong}" if wrong else "right"


class Interrupts(_Lasting):
    """Ctrl-C is pressed while a call lasts: it is answered at once, and the database is sound."""

    records = 40_000
    queries = 4000

    def __init__(self, place: Path, seed: int, names: Sequence[str] = tuple(calls.CALLS)) -> None:
        super().__init__(place, seed, names)
        self.late: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def round(self, number: int) -> str:
        name, draw = self._chosen(number)
        path = self._copied()
        completed = self._run("interrupted", path, name, 0.2 + draw.random(), self.queries)
        if completed.returncode != 0:
            return f"{name}: status {completed.returncode}: {completed.stderr[-300:]}"
        clock, processor = (float(word) for word in completed.stdout.split())
        self.late[name].append((clock, processor))
        if processor > calls.THREADS * LATE or clock > LATE_BY_THE_CLOCK:
            return f"{name}: after {clock:.2f} s, {processor:.2f} s of processor time"
        wrong = _wrong(path)
        return f"{name}: {wrong}" if wrong else "right"

    def fault(self, seen: Counter[str]) -> str | None:
        del seen
        for name, late in sorted(self.late.items()):
            clock, processor = (max(column) for column in zip(*late, strict=True))
            print(f"{name:20} at most {clock:.3f} s, {processor:.3f} s of processor time")
        return None
