"""Calls to the operating system that fail."""

from __future__ import annotations

import json
from pathlib import Path

from tools.campaigns.chapters import CHAPTERS
from tools.campaigns.faults import FAULTS, library, turns
from tools.campaigns.played import Played

SECONDS = 60.0


class Failing(Played):
    """A call of a scripted history fails: a typed error, nothing half, and it goes on."""

    accepted = ("refused, and goes on", "refused, and reopened", "not noticed")
    full = 0

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed, LD_PRELOAD=str(library(place)))
        self.points: list[tuple[str, str, int]] = []
        """Chapter, fault, and which call: a round each."""
        for name in CHAPTERS:
            counts = json.loads(self._play(name, "EIO", 0)[-1])
            for fault in FAULTS:
                last = turns(fault, counts)
                self.points += [(name, fault, nth) for nth in range(1, last + 1)]
        self.full = len(self.points)

    def _play(self, name: str, fault: str, nth: int) -> list[str]:
        self._stage = self.stage(name)
        child = self.start(name, self._stage, fault={"name": fault, "nth": nth})
        status = self.forks.gone(SECONDS)
        if status is None:
            self.forks.kill(child)
            self.forks.gone()
            return [*self.forks.hear(0), "! it hung"]
        told = self.forks.hear(0)
        return told if status in (0, 1) else [*told, f"! ended with {status}"]

    def round(self, number: int) -> str:
        name, fault, nth = self.points[number % len(self.points)]
        told = self._play(name, fault, nth)
        where = f"call {nth} of {name} with {fault}"
        for line in told:
            if line.startswith("!"):
                return f"{where}: {told}"
        wrong = self.verdict(name, self._stage, len(CHAPTERS[name].steps))
        if wrong:
            return f"{where}: {wrong}: {told}"
        if "reopened" in told:
            return "refused, and reopened"
        refused = any(line.startswith("refused") for line in told)
        return "refused, and goes on" if refused else "not noticed"
