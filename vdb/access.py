"""How a collection comes by what it reads and writes through.

`LiveAccess` stands for an open database: reads see the newest commit, or what the calling thread
has written so far in its own batch; writes join that batch or are a commit of their own.
`PinnedAccess` stands for a snapshot: all reads see its moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from threading import RLock, get_ident
from time import monotonic
from typing import Protocol
from weakref import WeakSet

from vdb.errors import BusyError, ClosedError, ReadOnlyError
from vdb.store import Batch, Environment, Snapshot
from vdb.store.interrupts import held

__all__ = ["Access", "BatchAccess", "LiveAccess", "Moment", "PinnedAccess"]


class Access(Protocol):
    """What reading needs."""

    def reading(self) -> AbstractContextManager[Snapshot | Batch]:
        """A reader for the length of one call."""

    def moment(self) -> Moment:
        """Access to this one moment, for as long as it is referred to."""


class Moment(Access, Protocol):
    """Access to one moment."""

    def check(self) -> None:
        """Raise ClosedError or ForkError when it cannot be read any more."""


class PinnedAccess:
    """Reading at one moment.

    Threads: any number may read at once; closing waits for them (see `Snapshot.use`), because a
    search that runs must not lose what it reads.
    """

    def __init__(self, snapshot: Snapshot, owner: LiveAccess) -> None:
        self._snapshot = snapshot
        self._owner = owner  # kept: a handle that nobody refers to any more is closed

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
        self._snapshot.close(timeout=self._owner.lock_timeout)


class BatchAccess:
    """Reading in a batch of the calling thread, for as long as the batch lasts."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def reading(self) -> AbstractContextManager[Batch]:
        """The batch, left open at the end of the call."""
        return nullcontext(self._batch)

    def moment(self) -> BatchAccess:
        """This one."""
        return self

    def check(self) -> None:
        """Raise ClosedError or ForkError when the batch is over."""
        self._batch.transaction()


class LiveAccess:
    """Reading and writing an open database.

    Threads: each thread has at most one batch, and touches only its own entry in the table of them.
    Closing, and moments that join those to be closed, take turns.
    """

    def __init__(self, environment: Environment, lock_timeout: float, *, read_only: bool) -> None:
        self.environment = environment
        self.lock_timeout = lock_timeout
        self.read_only = read_only  # this handle's; the environment may be shared with a writer
        self._batches: dict[int, Batch] = {}
        # Closed with this handle, even while another one keeps the environment open.
        self._moments: WeakSet[Snapshot] = WeakSet()
        self._turn = RLock()
        self._closing = False
        self._closed = False

    def reading(self) -> AbstractContextManager[Snapshot | Batch]:
        """The calling thread's batch, or a snapshot that is closed at the end of the call."""
        if self._batches:
            batch = self._batches.get(get_ident())
            if batch is not None:
                return nullcontext(batch)
        self.check_open()
        return self.environment.snapshot()

    def moment(self) -> PinnedAccess | BatchAccess:
        """The calling thread's batch, or the newest commit, held."""
        batch = self._batches.get(get_ident())
        return self.pinned() if batch is None else BatchAccess(batch)

    def pinned(self) -> PinnedAccess:
        """The newest commit, held until it is closed or nobody refers to it."""
        self.check_open()
        snapshot = self.environment.snapshot(held=True)
        with self._in_turn():
            # Closed meanwhile; or being closed by this very thread, and this is a signal handler.
            if self._closed or self._closing:
                snapshot.close()
                self.check_open()
                raise BusyError("the database is being closed by this very thread")
            self._moments.add(snapshot)
        return PinnedAccess(snapshot, self)

    def writing(self) -> AbstractContextManager[Batch]:
        """The calling thread's batch, or one that commits at the end of the call."""
        batch = self._batches.get(get_ident())
        if batch is not None:
            if batch.broken:
                raise ClosedError(
                    f"an earlier call in this batch failed half-way ({batch.cause!r}); leave the "
                    "with block, which undoes it, and begin again"
                ) from batch.cause
            return nullcontext(batch)
        return self._new_batch()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """One batch for all that the calling thread writes inside; a nested one joins it.

        When a nested one is left by an exception the whole batch can no longer be committed: part
        of what belongs together is missing.
        """
        me = get_ident()
        outer = self._batches.get(me)
        if outer is not None:
            try:
                yield
            except BaseException as error:
                outer.fail(error)
                raise
            return
        with self._new_batch() as batch:
            self._batches[me] = batch
            try:
                yield
            finally:
                del self._batches[me]

    def _new_batch(self) -> Batch:
        self.check_writable()
        return self.environment.batch(timeout=self.lock_timeout)

    def check_writable(self) -> None:
        """Raise ReadOnlyError when this handle only reads, and what `check_open` raises."""
        self.check_open()
        if self.read_only:
            raise ReadOnlyError(
                f"{self.environment.path} was opened with read_only=True; open it again without"
            )

    def check_open(self) -> None:
        """Raise ClosedError after `close`, ForkError in a child process."""
        if self._closed:
            raise ClosedError("the database is closed; open it again with vdb.open")
        self.environment.check_open()

    def check_outside(self, verb: str) -> None:
        """Raise BusyError when the calling thread is inside a batch."""
        if get_ident() in self._batches:
            raise BusyError(
                f"cannot {verb} inside a batch of the same thread; leave the with block first"
            )

    def close(self) -> None:
        """Let go of the moments, and of the environment, which closes when nobody else holds it.

        Raises:
            BusyError: Something runs on for longer than lock_timeout; nothing was closed.
        """
        if self.environment.gate.forked:
            self._closed = True
            return
        with self._in_turn() as deadline:
            if self._closed or self._closing:
                return
            self._closing = True
            try:
                with ExitStack() as stack:
                    moments = list(self._moments)
                    for snapshot in moments:
                        stack.enter_context(snapshot.unused(max(0.0, deadline - monotonic())))
                    # From here on nobody uses them, so that only this can still fail.
                    self.environment.close(timeout=max(0.0, deadline - monotonic()))
                    self._closed = True
                    for snapshot in moments:
                        snapshot.close()
            finally:
                self._closing = False

    def __del__(self) -> None:
        # Forgotten without close: files and locks must not stay with it until the process ends.
        # Whatever reads or writes through this handle refers to it, so nothing is running.
        if not getattr(self, "_closed", True):
            self._closed = True
            with suppress(Exception):
                self.environment.abandon()

    @contextmanager
    def _in_turn(self) -> Iterator[float]:
        """One thread at a time; yields when it should be done, by the clock `monotonic`."""
        deadline = monotonic() + self.lock_timeout
        with held(self._turn, self.lock_timeout) as alone:
            if not alone:
                raise BusyError("the database is being closed by another thread")
            yield deadline
