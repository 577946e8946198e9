"""The problems of a database, which a check finds while they are iterated over."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from pathlib import Path

from vdb.errors import ClosedError
from vdb.model.handles import Handle
from vdb.model.records import Problem

__all__ = ["Problems"]


class Problems(Handle, Iterator[Problem]):
    """The problems of a database, found while they are asked for. Made by `Database.check`.

    An iterator: ``for problem in db.check()`` shows each one when it is found, ``list(...)`` has
    them all, ``next(...)`` the first. It is true when there is a problem, whether it was taken
    already or not, so that ``if db.check():`` means what it says; asking looks as far as the first
    one. Printing it looks at everything and says what it found; what it has printed can still be
    iterated over.

    It holds the moment that it looks at, until it is exhausted, closed or thrown away.
    """

    def __init__(self, found: Generator[Problem], path: Path) -> None:
        self._found = found
        self._path = path
        self._waiting: deque[Problem] = deque()  # found, and not yet taken
        self._count = 0
        self._begun = self._over = self._closed = False
        self._failure: BaseException | None = None  # which ended the check before its end

    def _place(self) -> Path:
        return self._path

    def __next__(self) -> Problem:
        if not self._waiting and not self._look():
            raise StopIteration
        return self._waiting.popleft()

    def __bool__(self) -> bool:
        return self._count > 0 or self._look()

    def close(self) -> None:
        """Looks no further, and lets go of the moment."""
        self._found.close()
        self._closed = True

    def _look(self) -> bool:
        """Goes on to the next problem, which waits then; False where there is none any more."""
        if self._failure is not None:
            raise ClosedError(
                f"this check ended before it had looked at everything ({self._failure!r}); "
                "db.check() begins another"
            ) from self._failure
        if self._closed:
            return False
        self._begun = True
        try:
            for problem in self._found:
                self._waiting.append(problem)
                self._count += 1
                return True
        except BaseException as error:
            self._failure = error
            raise
        self._over = True
        return False

    def __str__(self) -> str:
        while self._look():
            pass
        if not self._over:
            return f"{self._path}: {self._problems()} so far; the check was closed before its end"
        if not self._count:
            return f"{self._path}: no problem was found"
        left = [f"{self._path}: {self._problems()}", *map(str, self._waiting)]
        return "\n".join(left)

    def __repr__(self) -> str:
        if not self._begun:
            state = "not begun; list(...) runs it, print(...) too"
        else:
            state = f"{self._problems()}{'' if self._over else ' so far'}"
        return f"<Problems of {str(self._path)!r}: {state}>"

    def _problems(self) -> str:
        number = f"{self._count:,}" if self._count else "no"
        return f"{number} problem{'' if self._count == 1 else 's'}"
