"""What `churn` writes: every commit drawn from the seed, so that a run can be gone on with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DIM = 64
CENTRES = 256


@dataclass(frozen=True, slots=True)
class Step:
    """One commit: a record written or deleted."""

    id: int
    version: int
    deletes: bool


class Steps:
    """The records there are, and the commits that change them.

    Attributes:
        versions: Id -> the number of the commit that wrote the record.
    """

    def __init__(self, seed: int, count: int) -> None:
        self._seed = seed
        self._next = count
        self._ids = list(range(count))
        self.versions: dict[int, int] = dict.fromkeys(self._ids, 0)
        random = np.random.default_rng(seed)
        self._centres = random.normal(size=(CENTRES, DIM)).astype(np.float32)

    def of_round(self, number: int, commits: int) -> Iterator[Step]:
        """The commits of a round, one after the other: a fifth deletes, a fifth adds."""
        draw = random.Random(f"{self._seed} {number}")
        for i in range(commits):
            version = 1 + number * commits + i
            kind = draw.randrange(5)
            if kind == 0:
                at = draw.randrange(len(self._ids))
                self._ids[at], self._ids[-1] = self._ids[-1], self._ids[at]
                record_id = self._ids.pop()
                del self.versions[record_id]
            else:
                if kind == 1:
                    self._ids.append(self._next)
                    self._next += 1
                record_id = self._ids[-1] if kind == 1 else draw.choice(self._ids)
                self.versions[record_id] = version
            yield Step(record_id, version, kind == 0)

    def vector(self, record_id: int, version: int) -> NDArray[np.float32]:
        """What a commit gives to a record."""
        draw = np.random.default_rng([self._seed, record_id, version])
        near = self._centres[draw.integers(CENTRES)]
        return near + draw.normal(scale=0.6, size=DIM).astype(np.float32)

    def payload(self, record_id: int, version: int) -> dict[str, object]:
        """Likewise; of many lengths, some of them several pages."""
        length = (record_id * 7919 + version * 104729) % 1400
        return {"version": version, "text": "x" * (length * 8 if length < 40 else length)}

    def queries(self, count: int) -> NDArray[np.float32]:
        """Vectors that look like the others and are none of them."""
        return np.stack([self.vector(-1 - i & 0xFFFFFFFF, 0) for i in range(count)])
