"""Handles of an open database, which belong to the process that opened it."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn, SupportsIndex

from vdb.errors import ArgumentTypeError

__all__ = ["Handle"]


class Handle:
    """Refuses to be pickled or copied; the error says what to do instead."""

    __slots__ = ()

    def _place(self) -> Path:
        """The directory of the database."""
        raise NotImplementedError

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise self._not_sent()

    def __copy__(self) -> NoReturn:
        raise self._not_sent()

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise self._not_sent()

    def _not_sent(self) -> ArgumentTypeError:
        kind = type(self).__name__
        return ArgumentTypeError(
            f"a {kind} belongs to the process that opened the database, and cannot be pickled or "
            f"copied; open it in the worker: vdb.open({str(self._place())!r})",
            expected="what can be pickled",
            received=kind,
        )
