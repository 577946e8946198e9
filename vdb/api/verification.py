"""``vdb.open(verify="full")``: a database that is not sound is closed again."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from vdb.maintenance.check import problems
from vdb.maintenance.check.require_sound import require_sound as require_no_problem

__all__ = ["require_sound"]


class OpenDatabase(Protocol):
    """A database, as far as it is checked."""

    @property
    def path(self) -> Path:
        """Its directory."""

    def check(self) -> problems.Problems:
        """Its problems."""

    def close(self) -> None:
        """Close it."""


def require_sound(database: OpenDatabase) -> None:
    """Close the database and raise CorruptedError if a check finds a problem."""
    try:
        require_no_problem(database.check(), database.path)
    except BaseException:
        database.close()
        raise
