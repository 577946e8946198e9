"""Hostile graphs under right checksums."""

from __future__ import annotations

from pathlib import Path

from tools.torture.sanitized import harness
from tools.torture.shared.campaign import Campaign

AT_ONCE = 1000


class Graphs(Campaign):
    """A thousand hostile graphs under AddressSanitizer: every read and write of them ends well."""

    accepted = (f"right {AT_ONCE}",)
    full = 1000

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._program = harness.Program(harness.build("address") / "graphs")

    def round(self, number: int) -> str:
        return self._program.ask(f"{self.seed} {number * AT_ONCE} {AT_ONCE}")

    def end(self) -> None:
        self._program.end()
