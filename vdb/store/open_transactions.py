"""Transactions that outlive the call that began them, as far as closing has to find them.

Snapshots and batches refer to the database they belong to; this is the way back, and knows of them
only what it needs to end them.
"""

from __future__ import annotations

import contextlib
import weakref
from pathlib import Path
from typing import Protocol

from vdb.errors import BusyError

__all__ = ["OpenTransactions"]


class HeldSnapshot(Protocol):
    """A snapshot that a user keeps."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""

    def close(self) -> None:
        """End it; BusyError if it is in use for too long."""


class StrandedBatch(Protocol):
    """A batch that another thread than its own tried to end."""

    @property
    def ends_here(self) -> bool:
        """Whether the calling thread can end it."""

    def abort(self) -> None:
        """End it, and undo what it wrote."""


class OpenTransactions:
    """The transactions of one open database that outlive a call.

    Attributes:
        held: Snapshots that users keep.
        stranded: Batches that were left by another thread than their own; see `Batch.abort`.
    """

    def __init__(self) -> None:
        self.held: weakref.WeakSet[HeldSnapshot] = weakref.WeakSet()
        self.stranded: list[StrandedBatch] = []

    def require_none_held(self, path: Path) -> None:
        """Raise BusyError if users keep snapshots of the database at `path`."""
        count = sum(not snapshot.closed for snapshot in self.held)
        if count:
            raise BusyError(
                f"{path} has to be mapped anew, and {count:,} open snapshots and iterators of "
                "this process hold the map; close them first",
                expected=0,
                received=count,
            )

    def close_held(self) -> None:
        """End the snapshots that users keep; in an empty gate, where none is in use, at once.

        Raises:
            BusyError: One was in use for longer than lock_timeout.
        """
        for snapshot in list(self.held):
            snapshot.close()

    def abort_stranded(self) -> None:
        """Undo the batches that were left elsewhere and can be undone by the calling thread."""
        for batch in list(self.stranded):
            if batch.ends_here:
                with contextlib.suppress(ValueError):  # another thread was faster
                    self.stranded.remove(batch)
                    batch.abort()
