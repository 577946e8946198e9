"""Files that end too early."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from tools.campaigns import sample
from tools.campaigns.campaign import Campaign
from tools.campaigns.reader import Reader


class Cuts(Campaign):
    """A file cut at a page or anywhere is refused at opening, or what is missing held nothing."""

    accepted = ("right", "refused")

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        sample.make(place / "whole.vdb")
        self._whole = (place / "whole.vdb" / "data.mdb").read_bytes()
        self._reader = Reader()
        self._right = self._reader.ask(place / "whole.vdb", "full")

    def round(self, number: int) -> str:
        pages = len(self._whole) // 4096
        draw = random.Random(f"{self.seed} {number}")
        # Every page in turn, and then anywhere.
        cut = number * 4096 if number < pages else draw.randrange(len(self._whole))
        copy = self.place / "copy.vdb"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.place / "whole.vdb", copy)
        (copy / "data.mdb").write_bytes(self._whole[:cut])
        answer = self._reader.ask(copy, draw.choice(["auto", "full"]))
        if answer == self._right:
            return "right"
        return "refused" if answer == "CorruptedError" else f"{answer} after {cut} bytes"

    def end(self) -> None:
        self._reader.end()
