"""Iterators over the ids or records of a collection at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from vdb.api.read_access import Moment
from vdb.model.unpicklable import Handle

__all__ = ["Walk"]

_T = TypeVar("_T")


class Walk(Handle, Iterator[_T]):
    """An iterator over the ids or records of a collection, as of its creation.

    It holds that moment until it is exhausted, closed or deleted.
    """

    def __init__(self, moment: Moment, items: Iterator[_T]) -> None:
        self._path = moment.path
        self._moment: Moment | None = moment
        self._items = items
        self._closed = False

    def _place(self) -> Path:
        return self._path

    def __next__(self) -> _T:
        if self._moment is None:
            raise StopIteration
        try:
            item = next(self._items)
        except StopIteration:
            self._release()
            raise
        self._moment.check()  # after closing, rows that were read ahead are not returned
        return item

    def close(self) -> None:
        """End the iteration and release the moment."""
        self._closed = True
        self._release()

    def _release(self) -> None:
        self._moment = None
        self._items = iter(())

    def __repr__(self) -> str:
        state = "over" if self._moment is None else "open"
        return f"<Walk through a collection of {str(self._path)!r}, {state}>"
