"""What a collection reads through: the newest commit, a snapshot, or a batch.

`LiveAccess` (in `live_access`) stands for an open database and also writes. `PinnedAccess` stands
for a snapshot: all reads see its moment. `BatchAccess` stands for a walk that began in a batch.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from vdb.api.batch_owner import Owner
from vdb.errors import ClosedError
from vdb.store import Batch, Snapshot

__all__ = ["Access", "BatchAccess", "JoinedBatch", "Moment", "PinnedAccess"]


class Access(Protocol):
    """What reading needs."""

    @property
    def path(self) -> Path:
        """The directory of the database."""

    def reading(self) -> AbstractContextManager[Snapshot | Batch]:
        """A reader for the length of one call."""

    def moment(self) -> Moment:
        """Access to this one moment, for as long as it is referred to."""


class Moment(Access, Protocol):
    """Access to one moment."""

    def check(self) -> None:
        """Raise ClosedError or ForkError when it cannot be read any more."""


class OpenHandle(Protocol):
    """The handle of a database that a snapshot was taken with."""

    @property
    def path(self) -> Path:
        """The directory of the database."""

    @property
    def lock_timeout(self) -> float:
        """Seconds that closing waits for running calls."""


class PinnedAccess:
    """Reading at one moment.

    Threads: any number may read at once; closing waits for them (see `Snapshot.use`), because a
    search that runs must not lose what it reads.
    """

    def __init__(self, snapshot: Snapshot, handle: OpenHandle) -> None:
        self._snapshot = snapshot
        self._handle = handle  # a reference, because a handle without any is closed

    @property
    def path(self) -> Path:
        """The directory of the database."""
        return self._handle.path

    def reading(self) -> AbstractContextManager[Snapshot]:
        """The snapshot, left open at the end of the call."""
        return self._snapshot.use()

    def moment(self) -> PinnedAccess:
        """This one."""
        return self

    def check(self) -> None:
        """Raise ClosedError or ForkError when it cannot be read any more."""
        self._snapshot.check()

    def close(self) -> None:
        """Let go of the moment; BusyError when a call does not end within the patience."""
        self._snapshot.close(timeout=self._handle.lock_timeout)


class BatchAccess:
    """Reading in a batch of the calling task, for as long as the batch lasts."""

    def __init__(self, batch: Batch, owner: Owner, path: Path) -> None:
        self._batch = batch
        self._owner = owner
        self.path = path

    def reading(self) -> AbstractContextManager[Batch]:
        """The batch, left open at the end of the call; ClosedError in another task."""
        self.check()
        return JoinedBatch(self._batch)

    def moment(self) -> BatchAccess:
        """This one."""
        return self

    def check(self) -> None:
        """Raise ClosedError or ForkError when the batch is over, or another task's."""
        if not self._owner.is_here():
            raise ClosedError("this walk was begun inside a batch, and is read outside of it")
        self._batch.transaction()


class JoinedBatch(AbstractContextManager[Batch]):
    """A batch for the length of one call in it, left open at its end."""

    __slots__ = ("_batch",)

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def __enter__(self) -> Batch:
        return self._batch

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self._batch.base.tell(error)
