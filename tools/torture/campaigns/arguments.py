"""Hostile arguments for everything public."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from hostile.calls import CALLS
from hostile.trial import Trial
from hostile.values import VALUES
from tools.torture.shared.campaign import Campaign


class Arguments(Campaign):
    """One parameter of one public callable meets every hostile value there is."""

    accepted = ("refused by name, or fine",)
    full = len(CALLS)

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        warnings.simplefilter("ignore")  # numpy's, of some of the values
        elsewhere = place / "elsewhere" / "deep" / "enough"  # paths are among the values
        elsewhere.mkdir(parents=True, exist_ok=True)
        self._trial = Trial(place)
        self._before = Path.cwd()
        os.chdir(elsewhere)

    def round(self, number: int) -> str:
        call = CALLS[number % len(CALLS)]
        wrong = []
        for name in VALUES:
            outcome = self._trial.outcome(call, name)
            if outcome not in ("refused", "fine"):
                wrong.append(f"{name}: {outcome}")
        return f"{call}: {'; '.join(wrong)}" if wrong else self.accepted[0]

    def end(self) -> None:
        os.chdir(self._before)
        self._trial.end()
