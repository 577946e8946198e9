"""Going through ids or records, at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from vdb.api.access import Moment
from vdb.model.handles import Handle

__all__ = ["Walk"]

_T = TypeVar("_T")


class Walk(Handle, Iterator[_T]):
    """An iterator over what a collection held when it was made; it holds that moment.

    The moment lives as long as this, or until it is exhausted or closed.
    """

    def __init__(self, moment: Moment, items: Iterator[_T]) -> None:
        self._path = moment.path
        self._moment: Moment | None = moment
        self._items = items

    def _place(self) -> Path:
        return self._path

    def __next__(self) -> _T:
        if self._moment is None:
            raise StopIteration
        try:
            one = next(self._items)
        except StopIteration:
            self.close()
            raise
        self._moment.check()  # rows that were read before it was closed are not handed out after it
        return one

    def close(self) -> None:
        """Go no further, and let go of the moment."""
        self._moment = None
        self._items = iter(())

    def __repr__(self) -> str:
        state = "over" if self._moment is None else "open"
        return f"<Walk through a collection of {str(self._path)!r}, {state}>"
