"""Access of a collection to its data: the newest commit, a snapshot, or a batch.

`LiveAccess` (in `live_access`) reads and writes an open database. `PinnedAccess` reads one
snapshot. `BatchAccess` reads a batch, for an iterator that began inside it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from vdb.api.batch_task import Owner
from vdb.errors import ClosedError
from vdb.index.text.analysis import Analyzers
from vdb.store import Batch, Snapshot

__all__ = ["Access", "BatchAccess", "JoinedBatch", "Moment", "PinnedAccess"]


class Access(Protocol):
    """Access for reading."""

    @property
    def path(self) -> Path:
        """The directory of the database."""

    @property
    def analyzers(self) -> Analyzers:
        """The analyzers of its text fields that the program has."""

    def reading(self) -> AbstractContextManager[Snapshot | Batch]:
        """A reader, open during one call."""

    def moment(self) -> Moment:
        """Access to this one moment, held while a reference to it exists."""


class Moment(Access, Protocol):
    """Access to one moment."""

    def check(self) -> None:
        """Raise ClosedError or ForkError when the moment can no longer be read."""


class OpenHandle(Protocol):
    """The database handle from which a snapshot was taken."""

    @property
    def path(self) -> Path:
        """The directory of the database."""

    @property
    def lock_timeout(self) -> float:
        """Seconds that closing waits for running calls."""

    @property
    def analyzers(self) -> Analyzers:
        """The analyzers of its text fields that the program has."""


class PinnedAccess:
    """Reading at one moment.

    Threads: any number may read at once. Closing waits for them (see `Snapshot.use`), so that no
    running search loses its data.
    """

    def __init__(self, snapshot: Snapshot, handle: OpenHandle) -> None:
        self._snapshot = snapshot
        self._handle = handle  # a handle without references would be closed

    @property
    def path(self) -> Path:
        """The directory of the database."""
        return self._handle.path

    @property
    def analyzers(self) -> Analyzers:
        """Those of the handle."""
        return self._handle.analyzers

    def reading(self) -> AbstractContextManager[Snapshot]:
        """The snapshot, left open at the end of the call."""
        return self._snapshot.use()

    def moment(self) -> PinnedAccess:
        """This access: it has only one moment."""
        return self

    def check(self) -> None:
        """Raise ClosedError or ForkError when the moment can no longer be read."""
        self._snapshot.check()

    def close(self) -> None:
        """Release the snapshot; BusyError when a call does not end within lock_timeout."""
        self._snapshot.close(timeout=self._handle.lock_timeout)


class BatchAccess:
    """Reading in a batch of the calling task, until the batch ends."""

    def __init__(self, batch: Batch, owner: Owner, path: Path, analyzers: Analyzers) -> None:
        self._batch = batch
        self._owner = owner
        self.path = path
        self.analyzers = analyzers

    def reading(self) -> AbstractContextManager[Batch]:
        """The batch, left open at the end of the call; ClosedError in another task."""
        self.check()
        return JoinedBatch(self._batch)

    def moment(self) -> BatchAccess:
        """This access: it has only one moment."""
        return self

    def check(self) -> None:
        """Raise ClosedError or ForkError when the batch has ended or belongs to another task."""
        if not self._owner.is_here():
            raise ClosedError("this walk was begun inside a batch, and is read outside of it")
        self._batch.transaction()


class JoinedBatch(AbstractContextManager[Batch]):
    """A batch during one call inside it; the batch stays open afterwards."""

    __slots__ = ("_batch",)

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def __enter__(self) -> Batch:
        return self._batch

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self._batch.base.tell(error)
