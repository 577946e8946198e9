"""Studies of a collection against plain searches, and these against numpy."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

import vdb
from support.kinds import KINDS, Kind
from tools.torture.shared.campaign import Campaign
from tools.torture.studies import carried, figures, searches
from tools.torture.studies.ground import Ground
from tools.torture.studies.model import judged
from tools.torture.studies.tally import Tally
from vdb.scores.table import Convention, all_conventions, convention_named

_SHOWN = 5  # differences of a round that are told


class Combination(NamedTuple):
    """What one round is about: a convention with a dtype it takes; None: all that needs none."""

    kind: Kind
    row: Convention | None

    def __str__(self) -> str:
        return f"{self.kind}-{'figures' if self.row is None else self.row.name}"


COMBINATIONS = [
    Combination(kind, row)
    for kind in KINDS
    for row in (
        None,
        *(
            row
            for row in all_conventions()
            if row.metric == kind.metric
            and convention_named(row.name, row.metric, dtype=kind.dtype) is row
        ),
    )
]
"""Every convention with every metric and dtype that there is, from the table itself."""


class Agreement(Campaign):
    """One convention, metric and dtype: searches beside numpy, and every study beside searches."""

    accepted = ("agrees",)
    full = len(COMBINATIONS)

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self.tally = Tally()
        self._db: vdb.Database | None = None
        self._held: tuple[tuple[int, Kind], Ground] | None = None

    def round(self, number: int) -> str:
        turn, place = divmod(number, self.full)
        kind, row = COMBINATIONS[place]
        tally = Tally()
        try:
            self._compare(tally, self._ground(turn, kind), row, number)
        except ValueError as error:
            tally.wrong.append(str(error))
        self.tally.compared += tally.compared
        self.tally.wrong += tally.wrong
        if not tally.wrong:
            return self.accepted[0]
        what = COMBINATIONS[place]
        return f"{what}: {len(tally.wrong)} differences: " + "; ".join(tally.wrong[:_SHOWN])

    def end(self) -> None:
        print(f"{self.tally.compared:,} compared, {len(self.tally.wrong):,} differ")
        self._close()

    def _compare(self, tally: Tally, ground: Ground, row: Convention | None, number: int) -> None:
        if row is None:
            if ground.kind.metric == "l2":
                figures.compared(tally, ground, ground.queries)
            figures.recalled(tally, ground, ground.queries)
            return
        random = np.random.default_rng([self.seed, number])
        models = [judged(ground, row, query) for query in ground.queries]
        for turn in (number % 2, 2 + number // 2 % 2):
            places = (0, int(random.integers(1, 8)), int(random.integers(8, 90)))
            searches.searched(tally, models[turn], ground.queries[turn], places)
        searches.many_at_once(tally, models, ground.queries)
        searches.zero_answered(tally, ground, row)
        explained = random.integers(0, 96, size=2).tolist()
        searches.explained(tally, models[number % 4], ground.queries[number % 4], explained)
        self._carried(tally, ground, row, number)

    def _carried(self, tally: Tally, ground: Ground, row: Convention, number: int) -> None:
        """To the next convention of the metric, and, now and then, to one of another metric."""
        queries = ground.queries
        before = [judged(ground, row, query) for query in queries]
        numbers = [
            one
            for one in searches.thresholds(before[number % 4], (number % 7, 11 + number % 60))
            if row.takes(one)
        ]
        others = [
            convention_named(other.name, other.metric, dtype=ground.kind.dtype)
            for other in all_conventions()
            if ground.takes(other.metric)
        ]
        same = [other for other in others if other.metric == row.metric]
        apart = [other for other in others if other.metric != row.metric]
        takers = [(same[(same.index(row) + 1 + number // self.full) % len(same)], number % 3 == 0)]
        if apart and number % 3 == 1:
            takers.append((apart[number % len(apart)], True))
        for taker, measured in takers:
            after = [judged(ground, taker, query) for query in queries]
            for turn, one in enumerate(numbers):
                at = measured and turn % 3 == number % 3
                carried.carried(tally, before, after, queries, one, measured=at)

    def _ground(self, turn: int, kind: Kind) -> Ground:
        """The records of that kind, the same for all its conventions."""
        if self._held is None or self._held[0] != (turn, kind):
            self._close()
            path = self.place / f"{turn}-{kind}.vdb"
            self._db = vdb.open(path, durability="relaxed")
            random = np.random.default_rng([self.seed, turn, KINDS.index(kind)])
            self._held = (turn, kind), Ground(self._db, kind, random)
        return self._held[1]

    def _close(self) -> None:
        if self._db is not None:
            problems = [str(problem) for problem in self._db.check()]
            self.tally.wrong += problems
            self._db.close()
            self._db = None
