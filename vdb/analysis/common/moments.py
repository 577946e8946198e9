"""One moment after another: how a study goes on for long and pins nothing old.

What others replace cannot be used again while a moment is held that shows it. So a study takes a
few queries at a time, each of them wholly at one moment, and the newest for the next few. On a
snapshot, and inside a batch, all moments are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Self

from vdb import index
from vdb.errors import BusyError

__all__ = ["Moments"]

_Seen = Callable[[], AbstractContextManager[tuple[index.Reader, index.View]]]


class Moments:
    """The moments of one study, all of one generation of the collection."""

    def __init__(self, seen: _Seen) -> None:
        """`seen` gives the newest moment, for as long as it is inside."""
        self._seen = seen
        self._generation: int | None = None

    @classmethod
    def of(cls, reader: index.Reader, view: index.View) -> Self:
        """One that is always the same."""
        return cls(lambda: nullcontext((reader, view)))

    @contextmanager
    def now(self) -> Iterator[tuple[index.Reader, index.View]]:
        """The newest moment: whose, and the collection in it.

        Raises:
            BusyError: The collection was rebuilt since the first.
        """
        with self._seen() as (reader, view):
            number = view.generation.number
            if self._generation is None:
                self._generation = number
            if number != self._generation:
                raise BusyError(
                    f"collection {view.header.name!r} was rebuilt while it was being measured; "
                    "measure it again",
                    expected=self._generation,
                    received=number,
                )
            yield reader, view
