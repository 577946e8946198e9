"""Hits of three shards, merged, against those of one collection."""

from __future__ import annotations

from pathlib import Path

from support.merged import Merged
from tools.torture.campaigns.agreement import COMBINATIONS
from tools.torture.shared.campaign import Campaign

_SHOWN = 5  # differences of a round that are told


class Merging(Campaign):
    """One convention, metric and dtype: hits of three shards, merged, beside one collection."""

    accepted = ("agrees",)
    full = len(COMBINATIONS)

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._compared = self._wrong = 0

    def round(self, number: int) -> str:
        turn, place = divmod(number, self.full)
        kind, row = COMBINATIONS[place]
        wrong: list[str] = []
        for ids in ("int", "str"):
            ground = Merged(kind, ids, self.seed + 31 * turn)
            compared, different = ground.differences("native" if row is None else row.name, number)
            ground.close()
            self._compared += compared
            wrong += different
        self._wrong += len(wrong)
        return f"{len(wrong)} differ: " + "; ".join(wrong[:_SHOWN]) if wrong else self.accepted[0]

    def end(self) -> None:
        print(f"{self._compared:,} compared, {self._wrong:,} differ")
