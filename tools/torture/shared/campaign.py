"""What campaigns have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import ClassVar


class UnavailableError(Exception):
    """This machine lacks something that a campaign needs; the text says what."""


class Campaign:
    """A row of rounds, each of them made by its number and the seed alone."""

    accepted: ClassVar[Collection[str]] = ()
    """Outcomes of a round that are as they must be."""
    full: int = 1000
    """Rounds of a whole run; 0 where only a campaign that has been made ready knows."""

    def __init__(self, place: Path, seed: int) -> None:
        """Make ready in an empty directory, or in the one that an earlier run was given to keep.

        Raises:
            UnavailableError: It cannot be run here.
        """
        self.place = place
        self.seed = seed

    def round(self, number: int) -> str:
        """One round; what came of it."""
        raise NotImplementedError

    def fault(self, seen: Counter[str]) -> str | None:
        """What is wrong with all rounds together, after the last one; None: nothing.

        `seen` says how often there was which outcome.
        """
        del seen
        return None

    def end(self) -> None:
        """Let go of everything."""
