"""Whether a whole database is sound, as an error that says what is wrong first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vdb.errors import CorruptedError
from vdb.maintenance.check import check
from vdb.model.records import Problem
from vdb.store import Environment, Snapshot, locate_damage

__all__ = ["found_in", "require_sound", "require_sound_copy"]


def require_sound(problems: Iterable[Problem], path: Path) -> None:
    """Raise CorruptedError for the database in `path` where one of its problems is an error."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        more = f" (and {len(errors) - 1:,} more problems)" if len(errors) > 1 else ""
        error = CorruptedError(f"{errors[0].what}{more}", where=errors[0].where)
        locate_damage(error, path, {})
        raise error


def found_in(environment: Environment) -> list[Problem]:
    """Every problem of the newest commit."""
    with environment.snapshot(held=True) as snapshot:
        return list(check(lambda: _Whole(snapshot)))


def require_sound_copy(copy: Path, original: Path) -> None:
    """Look through a copy before it is used for anything, LMDB's own pages too.

    Raises:
        CorruptedError: The copy is not sound, and so most likely neither is the original, which it
            names.
    """
    try:
        environment = Environment.open(copy, create=False, read_only=True, verify="full")
        try:
            require_sound(found_in(environment), original)
        finally:
            environment.close()
    except CorruptedError as error:
        told = CorruptedError(f"{error.message}; the copy was not kept", where=error.where)
        locate_damage(told, original, {})
        raise told from error


class _Whole:
    """One moment, as `check` wants it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.reading = snapshot.use
