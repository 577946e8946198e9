"""Running the steps of a check, each over a snapshot, without stopping at damage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from vdb.errors import CorruptedError
from vdb.model.problem import Problem
from vdb.store import Snapshot
from vdb.store.format import keys

__all__ = ["Pinned", "StepRunner", "guarded", "problem_of"]


class Pinned(Protocol):
    """One commit, kept readable for as long as this object is referred to."""

    def reading(self) -> AbstractContextManager[Snapshot]:
        """The snapshot of that commit, for the length of a step."""


class StepRunner:
    """Runs steps one after another, each over the snapshot of one commit."""

    def __init__(self, pin: Callable[[], Pinned]) -> None:
        self._pin = pin
        self._pinned = pin()

    def run(self, step: Callable[[Snapshot], Iterator[Problem]], where: str) -> list[Problem]:
        """The problems of one step, and the damage that broke it off."""
        with self._pinned.reading() as reader:
            problems = list(guarded(step(reader), where))
        if problems:
            self._recover()
        return problems

    def renew(self) -> Snapshot | None:
        """Go on with the newest commit; None where it is the one that is read already."""
        with self._pinned.reading() as reader:
            if not reader.behind():
                return None
        self._pinned = self._pin()
        with self._pinned.reading() as reader:
            return reader

    def _recover(self) -> None:
        """Take another transaction of the same commit where LMDB gave this one up.

        LMDB reads no more in a transaction in which it met damage. Where others have committed
        since, the later steps report everything as damaged.
        """
        with self._pinned.reading() as reader:
            try:
                reader.get(keys.IDENTITY)
            except CorruptedError:
                commit = reader.commit
            else:
                return
        other = self._pin()
        with other.reading() as reader:
            if reader.commit == commit:
                self._pinned = other


def guarded(step: Iterator[Problem], where: str) -> Iterator[Problem]:
    """The problems of a step, and the damage that broke it off."""
    try:
        yield from step
    except CorruptedError as error:
        yield problem_of(error, where)


def problem_of(error: CorruptedError, where: str = "") -> Problem:
    """The problem that an error tells of."""
    return Problem(error.where or where, error.message)
