"""Files that end too early."""

from __future__ import annotations

import random

from tools.torture.shared.closed_files import ClosedFiles


class Cuts(ClosedFiles):
    """A file cut at a page or anywhere is refused at opening, or what is missing held nothing."""

    def round(self, number: int) -> str:
        pages = len(self.whole) // 4096
        draw = random.Random(f"{self.seed} {number}")
        # Every page in turn, and then anywhere.
        cut = number * 4096 if number < pages else draw.randrange(len(self.whole))
        outcome = self.outcome(self.whole[:cut], draw.choice(["auto", "full"]))
        return outcome if outcome in self.accepted else f"{outcome} after {cut} bytes"
