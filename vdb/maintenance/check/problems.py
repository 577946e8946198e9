"""The problems of a database, which a check finds while they are iterated over."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from pathlib import Path

from vdb.errors import ClosedError
from vdb.model.problem import Problem
from vdb.model.unpicklable import Handle

__all__ = ["Problems"]


class Problems(Handle, Iterator[Problem]):
    """The problems of a database, found while they are asked for. Made by `Database.check`.

    An iterator: ``for problem in db.check()`` shows each one when it is found, ``list(...)`` has
    them all, ``next(...)`` the first. It is true when there is a problem, iterated over or not, so
    that ``if db.check():`` is right; that checks as far as the first one. Printing it checks
    everything, and the printed problems can still be iterated over.

    It holds a snapshot until it is exhausted, closed or garbage.
    """

    def __init__(self, problems: Generator[Problem], path: Path) -> None:
        self._source = problems
        self._path = path
        self._waiting: deque[Problem] = deque()  # found, and not yet iterated over
        self._count = 0
        self._begun = self._ended = self._closed = False
        self._failure: BaseException | None = None  # which ended the check before its end

    def _place(self) -> Path:
        return self._path

    def __next__(self) -> Problem:
        if not self._waiting and not self._find():
            raise StopIteration
        return self._waiting.popleft()

    def __bool__(self) -> bool:
        return self._count > 0 or self._find()

    def close(self) -> None:
        """Ends the check and releases its snapshot."""
        self._source.close()
        self._closed = True

    def _find(self) -> bool:
        """Find the next problem and append it to those that wait; False where there are no more."""
        if self._failure is not None:
            raise ClosedError(
                f"this check ended before it had looked at everything ({self._failure!r}); "
                "db.check() begins another"
            ) from self._failure
        if self._closed:
            return False
        self._begun = True
        try:
            for problem in self._source:
                self._waiting.append(problem)
                self._count += 1
                return True
        except BaseException as error:
            self._failure = error
            raise
        self._ended = True
        return False

    def __str__(self) -> str:
        while self._find():
            pass
        if not self._ended:
            return f"{self._path}: {self._count_text()} so far; the check was closed before its end"
        if not self._count:
            return f"{self._path}: no problem was found"
        lines = [f"{self._path}: {self._count_text()}", *map(str, self._waiting)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        if not self._begun:
            state = "not begun; list(...) runs it, print(...) too"
        else:
            state = f"{self._count_text()}{'' if self._ended else ' so far'}"
        return f"<Problems of {str(self._path)!r}: {state}>"

    def _count_text(self) -> str:
        number = f"{self._count:,}" if self._count else "no"
        return f"{number} problem{'' if self._count == 1 else 's'}"
