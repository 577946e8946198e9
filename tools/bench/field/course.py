"""What one run of the field was asked to do, and where its things lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .contestants import Contestant
from .environments import Environments
from .process import PeerError
from .store import Store


@dataclass(frozen=True)
class Course:
    """Options of a run, and what all of its parts use.

    Attributes:
        folder: `.bench/field`; data, built indexes and logs lie below it.
        store: takes the results.
        environments: the peers' interpreters.
        rounds: interleaved rounds behind every median.
        builds: rounds of builds.
        threads: of a build.
        queries: how many are asked in a call, at most.
        seconds: the longest that one timed call should take.
        together: how many contestants are in memory at a time; 0: as many as fit.
        ones: inserted one by one in a round, as far as the time allows.
        again: measure what has been measured, too.
        cpus: cores that builds may use; searches have the first of them.
    """

    folder: Path
    store: Store
    environments: Environments
    rounds: int = 5
    builds: int = 1
    threads: int = 2
    queries: int = 1_000
    seconds: float = 0.5
    together: int = 0
    again: bool = False
    ones: int = 100
    k: int = 10
    M: int = 16
    ef_construction: int = 200
    cpus: tuple[int, ...] = field(default_factory=lambda: tuple(sorted(os.sched_getaffinity(0))))
    say: Callable[[str], None] = print

    @property
    def parameters(self) -> Mapping[str, int]:
        """What every graph is built with."""
        return {"M": self.M, "ef_construction": self.ef_construction, "threads": self.threads}

    def identity(self, contestant: Contestant) -> dict[str, Any]:
        """What must be the same for a figure or an index to stand: version, digest, parameters."""
        try:
            facts = self.environments.facts(contestant, self.folder / "asked" / contestant.slug)
        except PeerError as error:
            return {"refused": str(error)}
        parts = {name: facts[name] for name in ("version", "stamp") if name in facts}
        return parts | dict(self.parameters)

    def missing(
        self, part: str, key: tuple[str, str], contestants: Iterable[Contestant]
    ) -> list[Contestant]:
        """Contestants without a figure that still stands; all, when all is to be measured again."""
        return [
            one
            for one in contestants
            if self.again
            or (entry := self.store.get(part, *key, one.name)) is None
            or entry.get("of") != self.identity(one)
        ]

    def put(self, part: str, key: tuple[str, str], contestant: Contestant, entry: Any) -> None:
        """Store an entry with its contestant."""
        self.store.put(part, *key, contestant.name, {**entry, "of": self.identity(contestant)})
