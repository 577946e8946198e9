"""What campaigns have in common."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import ClassVar


class Campaign:
    """A row of rounds, each of them made by its number and the seed alone."""

    accepted: ClassVar[Collection[str]] = ()
    """Outcomes of a round that are as they must be."""
    full: ClassVar[int] = 1000
    """Rounds of a whole run."""

    def __init__(self, place: Path, seed: int) -> None:
        """Make ready in an empty directory."""
        self.place = place
        self.seed = seed

    def round(self, number: int) -> str:
        """One round; what came of it."""
        raise NotImplementedError

    def end(self) -> None:
        """Let go of everything."""
