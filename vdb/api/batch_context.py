"""The context manager that ``db.batch()`` returns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ContextDecorator
from pathlib import Path
from types import TracebackType

from vdb.errors import ArgumentTypeError, ClosedError
from vdb.model.unpicklable import Handle

__all__ = ["BatchBlock"]


class BatchBlock(Handle, AbstractContextManager[None], ContextDecorator):
    """The context manager that ``db.batch()`` returns; it can be entered once."""

    def __init__(self, make: Callable[[], AbstractContextManager[None]], path: Path) -> None:
        self._make = make
        self._path = path
        self._block: AbstractContextManager[None] | None = None
        self._entered = False

    def _place(self) -> Path:
        return self._path

    def _not_sent(self) -> ArgumentTypeError:
        return ArgumentTypeError(
            "a batch belongs to the task that began it, and cannot be pickled or copied; begin one "
            f"where it is written: with vdb.open({str(self._path)!r}) as db, db.batch():",
            expected="what can be pickled",
            received="batch",
        )

    def _recreate_cm(self) -> BatchBlock:
        return BatchBlock(self._make, self._path)  # a new batch for each call of the function

    def __enter__(self) -> None:
        if self._entered:
            state = "over" if self._block is None else "entered already"
            raise ClosedError(
                f"this batch is {state}; db.batch() makes one for each with statement, and one "
                "inside another joins it"
            )
        block = self._make()
        block.__enter__()
        self._block, self._entered = block, True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        block, self._block = self._block, None
        if block is None:
            state = "over" if self._entered else "not entered"
            raise ClosedError(f"this batch is {state}; with db.batch(): enters and leaves it")
        return block.__exit__(kind, error, traceback)

    def __repr__(self) -> str:
        state = "open" if self._block is not None else "over" if self._entered else "not entered"
        return f"<batch of {str(self._path)!r}, {state}>"
