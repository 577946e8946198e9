"""Closed files that are broken, and what opening them leads to."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

from tools.torture.shared import sample
from tools.torture.shared.campaign import Campaign
from tools.torture.shared.reader import Reader


class ClosedFiles(Campaign):
    """Rounds that each open a broken copy of one database in another process."""

    accepted = ("right", "refused")
    refusals: ClassVar[tuple[str, ...]] = ("CorruptedError",)

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._source, self._copy = place / "whole.vdb", place / "copy.vdb"
        sample.make(self._source)
        self.whole = (self._source / "data.mdb").read_bytes()
        self._reader = Reader()
        self._right = self._reader.ask(f"full {self._source}")

    def outcome(self, data: bytes, verify: str) -> str:
        """What opening and reading a copy with this data file comes to."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._source, self._copy)
        (self._copy / "data.mdb").write_bytes(data)
        answer = self._reader.ask(f"{verify} {self._copy}")
        if answer == self._right:
            return "right"
        if answer in self.refusals:
            return "refused"
        return "a wrong answer" if len(answer) == len(self._right) else answer

    def end(self) -> None:
        self._reader.end()
