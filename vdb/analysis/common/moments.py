"""Moments of a long study: every few queries it moves to the newest commit.

While a snapshot is held, pages freed by later commits cannot be used again. So a study takes a few
queries at a time, all at one moment, and the newest moment for the next few. On a snapshot, and
inside a batch, all moments are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Self

from vdb import index
from vdb.errors import BusyError

__all__ = ["Moments"]

_ReadNewest = Callable[[], AbstractContextManager[tuple[index.Reader, index.View]]]


class Moments:
    """The moments of one study, all of one generation of the collection."""

    def __init__(self, read_newest: _ReadNewest) -> None:
        """`read_newest` opens a reader and a view of the newest moment."""
        self._read_newest = read_newest
        self._generation: int | None = None

    @classmethod
    def of(cls, reader: index.Reader, view: index.View) -> Self:
        """Moments that are all this one."""
        return cls(lambda: nullcontext((reader, view)))

    @contextmanager
    def now(self) -> Iterator[tuple[index.Reader, index.View]]:
        """A reader of the newest moment, and the view of the collection in it.

        Raises:
            BusyError: The collection was rebuilt since the first moment.
        """
        with self._read_newest() as (reader, view):
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
