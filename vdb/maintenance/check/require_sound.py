"""Requiring that a database is sound: an error names its first problem."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vdb.errors import CorruptedError
from vdb.maintenance.check import check
from vdb.model.problem import Problem
from vdb.store import Environment, Snapshot, locate_damage

__all__ = ["problems_at", "problems_of", "require_sound", "require_sound_copy"]


def require_sound(problems: Iterable[Problem], path: Path) -> None:
    """Raise CorruptedError for the database in `path` where one of its problems is an error."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        more = f" (and {len(errors) - 1:,} more problems)" if len(errors) > 1 else ""
        error = CorruptedError(f"{errors[0].what}{more}", where=errors[0].where)
        locate_damage(error, path, {})
        raise error


def problems_of(environment: Environment) -> list[Problem]:
    """Every problem of the newest commit."""
    with environment.snapshot(held=True) as snapshot:
        return problems_at(snapshot)


def problems_at(snapshot: Snapshot) -> list[Problem]:
    """Every problem of the commit that a held snapshot shows."""
    return list(check(lambda: _OneSnapshot(snapshot)))


def require_sound_copy(copy: Path, original: Path) -> None:
    """Check a copy before it is used, LMDB's own pages too.

    Raises:
        CorruptedError: The copy is not sound, and so most likely neither is the original, which the
            error names.
    """
    try:
        environment = Environment.open(copy, create=False, read_only=True, verify="full")
        try:
            require_sound(problems_of(environment), original)
        finally:
            environment.close()
    except CorruptedError as error:
        of_original = CorruptedError(f"{error.message}; the copy was not kept", where=error.where)
        locate_damage(of_original, original, {})
        raise of_original from error


class _OneSnapshot:
    """A pin that is one snapshot for the whole check."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.reading = snapshot.use
