"""Files that claim what is not there."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.torture.forgery import sample
from tools.torture.forgery.forgeries import all_forgeries
from tools.torture.shared.campaign import Campaign
from tools.torture.shared.reader import Reader


class Claims(Campaign):
    """A field lies, under a checksum that is right: every call answers, or calls it damage."""

    accepted = ("right", "refused")
    full = 0

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._source, self._copy = place / "whole.vdb", place / "copy.vdb"
        sample.make(self._source)
        self.forgeries = all_forgeries(self._source)
        self.full = len(self.forgeries)
        self._reader = Reader("tools.torture.forgery.caller")
        if (outcome := self.outcome(self._source)) != "right":
            raise RuntimeError(f"the sample itself: {outcome}")

    def round(self, number: int) -> str:
        forgery = self.forgeries[number % len(self.forgeries)]
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._source, self._copy)
        forgery.put_into(self._copy)
        outcome = self.outcome(self._copy)
        return outcome if outcome in self.accepted else f"{forgery.name}: {outcome}"

    def outcome(self, place: Path) -> str:
        """What came of all calls on a copy of the database in a directory."""
        tried = self.place / "tried.vdb"
        shutil.rmtree(tried, ignore_errors=True)
        shutil.copytree(place, tried)
        return self._reader.ask(str(tried))

    def end(self) -> None:
        self._reader.end()
