"""Calls to the operating system that fail."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from tools.torture.faults.chapters import CHAPTERS
from tools.torture.faults.played import Played
from tools.torture.faults.preload import FAULTS, STARVING, Fault, library, turns

SECONDS = 60.0


class Failing(Played):
    """A call of a scripted history fails: a typed error, nothing half, and it goes on."""

    accepted = ("refused, and goes on", "refused, and reopened", "not noticed")
    full = 0
    faults: ClassVar[Mapping[str, Fault]] = FAULTS
    most: ClassVar[int | None] = None
    """Of so many calls that can have one fault, in each chapter; all if None."""

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed, LD_PRELOAD=str(library(place)))
        self.points: list[tuple[str, str, int]] = []
        """Chapter, fault, and which call: a round each."""
        for name in CHAPTERS:
            counts = json.loads(self._play(name, next(iter(self.faults)), 0)[-1])
            for fault in self.faults:
                calls = range(1, turns(fault, counts) + 1)
                self.points += [(name, fault, nth) for nth in spread(calls, self.most)]
        self.full = len(self.points)

    def _play(self, name: str, fault: str, nth: int) -> list[str]:
        self._stage = self.stage(name)
        child = self.start(name, self._stage, fault={"name": fault, "nth": nth})
        status = self.forks.gone(SECONDS)
        if status is None:
            self.forks.kill(child)
            self.forks.gone()
            return [*self.forks.hear(0), "! it hung"]
        lines = self.forks.hear(0)
        return lines if status in (0, 1) else [*lines, f"! ended with {status}"]

    def round(self, number: int) -> str:
        name, fault, nth = self.points[number % len(self.points)]
        lines = self._play(name, fault, nth)
        where = f"call {nth} of {name} with {fault}"
        for line in lines:
            if line.startswith("!"):
                return f"{where}: {lines}"
        wrong = self.verdict(name, self._stage, len(CHAPTERS[name].steps))
        if wrong:
            return f"{where}: {wrong}: {lines}"
        if any(line.startswith("reopened") for line in lines):
            return "refused, and reopened"
        refused = any(line.startswith("refused") for line in lines)
        return "refused, and goes on" if refused else "not noticed"


class Starving(Failing):
    """The kernel gets no memory, once: MemoryError, nothing half, and it goes on."""

    faults = STARVING
    most = 300


def spread(calls: range, most: int | None) -> Iterable[int]:
    """All of the calls, or the first ones and then some of the others."""
    if most is None or len(calls) <= most:
        return calls
    first, rest = calls[: most // 2], calls[most // 2 :]
    return [*first, *rest[:: -(-len(rest) // (most // 2))]]
