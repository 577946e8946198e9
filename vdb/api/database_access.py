"""Reading and writing an open database: the newest commit, and the batches of its tasks.

Reads see the newest commit, or the calling task's own batch; writes join that batch or are a
commit of their own. A thread is one task, unless it runs several in turns, as asyncio does; see
`batch_owner`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from threading import RLock, get_ident
from time import monotonic, sleep
from typing import TypeVar
from weakref import WeakSet

from vdb.api.batch_context import BatchBlock
from vdb.api.batch_task import Owner
from vdb.api.commit_queue import CommitQueue
from vdb.api.read_access import BatchAccess, JoinedBatch, PinnedAccess
from vdb.errors import BusyError, ClosedError, ReadOnlyError
from vdb.index.text.analysis import Analyzers
from vdb.store import Batch, Environment, Snapshot, holding

__all__ = ["LiveAccess"]

_T = TypeVar("_T")

_PAUSE = 0.001
_LARGE_REQUEST = 4096  # bytes; larger than the small pieces of any allocator


class LiveAccess:
    """Reading and writing an open database.

    Threads: each thread has at most one batch, and touches only its own entry in the table of
    batches. The owner in the entry says which task of the thread it belongs to. A lock serialises
    closing and taking snapshots.
    """

    def __init__(
        self,
        environment: Environment,
        lock_timeout: float,
        *,
        read_only: bool,
        analyzers: Analyzers | None = None,
    ) -> None:
        self.environment = environment
        self.analyzers = Analyzers() if analyzers is None else analyzers
        self.lock_timeout = lock_timeout
        self.read_only = read_only  # this handle's; the environment may be shared with a writer
        self._batches: dict[int, tuple[Batch, Owner]] = {}
        # Closed with this handle, even while another one keeps the environment open.
        self._moments: WeakSet[Snapshot] = WeakSet()
        self._queue = CommitQueue()
        self._turn = RLock()
        self._closing = False
        self._closed = False

    @property
    def path(self) -> Path:
        """The directory of the database."""
        return self.environment.path

    def reading(self) -> AbstractContextManager[Snapshot | Batch]:
        """The calling task's batch, or a snapshot that is closed at the end of the call."""
        if self._batches:
            entry = self._own_entry()
            if entry is not None:
                return JoinedBatch(entry[0])
        if self._closed:
            self.check_open()
        return self.environment.snapshot()

    def moment(self) -> PinnedAccess | BatchAccess:
        """The calling task's batch, or a snapshot of the newest commit."""
        entry = self._own_entry()
        return self.pinned() if entry is None else BatchAccess(*entry, self.path, self.analyzers)

    def _own_entry(self) -> tuple[Batch, Owner] | None:
        """The calling task's batch and its owner; None without a batch."""
        if not self._batches:
            return None
        entry = self._batches.get(get_ident())
        return entry if entry is not None and entry[1].is_here() else None

    def pinned(self) -> PinnedAccess:
        """A snapshot of the newest commit, held until it is closed or has no references."""
        self.check_open()
        snapshot = self.environment.snapshot(held=True)
        with self._in_turn():
            # Closed meanwhile; or this is a signal handler in the thread that is closing it.
            if self._closed or self._closing:
                snapshot.close()
                self.check_open()
                raise BusyError("the database is being closed by this very thread")
            self._moments.add(snapshot)
        return PinnedAccess(snapshot, self)

    def writing(self, *, room: int = 0) -> AbstractContextManager[Batch]:
        """The calling task's batch, or one that commits at the end of the call.

        `room` is roughly the number of bytes that the call will write, 0 if unknown.
        """
        entry = self._own_entry()
        if entry is not None:
            batch = entry[0]
            if batch.broken:
                raise ClosedError(
                    f"an earlier call in this batch failed half-way ({batch.cause!r}); leave the "
                    "with block, which undoes it, and begin again"
                ) from batch.cause
            return JoinedBatch(batch)
        return self._new_batch(room)

    def write(self, make: Callable[[Batch], _T], *, room: int = 0) -> _T:
        """One call, in the calling task's batch or in a commit that other threads may share.

        `make` may be called twice, in different batches. It raises before it changes anything, or
        breaks the batch. `room` is as for `writing`.
        """
        if self._own_entry() is not None:
            with self.writing(room=room) as batch:
                return make(batch)
        self.check_writable()
        return self._queue.run(self._batch_within, make, room=room, timeout=self.lock_timeout)

    def batch(self) -> BatchBlock:
        """One batch for all writes of the calling task inside it; see `_batch`."""
        return BatchBlock(self._batch, self.path)

    @contextmanager
    def _batch(self) -> Iterator[None]:
        """One batch for all writes of the calling task inside it; a nested batch joins it.

        When an exception leaves a nested batch, the whole batch can no longer be committed: some of
        its writes are missing.
        """
        entry = self._own_entry()
        if entry is not None:
            try:
                yield
            except BaseException as error:
                entry[0].fail(error)
                raise
            return
        thread = get_ident()
        with self._new_batch() as batch:
            owner = Owner()
            self._batches[thread] = batch, owner
            try:
                yield
                if not owner.is_here():
                    raise ClosedError(
                        "a batch was left by another thread or task than the one that began it "
                        "(in a generator, as it seems), and was undone"
                    )
            finally:
                del self._batches[thread]
        _consolidate_heap()

    def _new_batch(self, room: int = 0) -> Batch:
        return self._batch_within(room, self.lock_timeout)

    def _batch_within(self, room: int, timeout: float) -> Batch:
        self.check_writable()
        return self.environment.batch(timeout=timeout, room=room)

    def check_writable(self) -> None:
        """Raise ReadOnlyError for a handle that only reads, or an error of `check_open`."""
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
        """Raise BusyError when the calling task is inside a batch."""
        if self._own_entry() is not None:
            raise BusyError(f"cannot {verb} inside a batch; leave the with block first")

    def close(self) -> None:
        """Close the snapshots, and release the environment, which closes with its last handle.

        Raises:
            BusyError: A call did not end within lock_timeout, or another task of this thread has a
                batch open; nothing was closed.
        """
        if self.environment.forked:
            self._closed = True
            return
        with self._in_turn() as deadline:
            if self._closed or self._closing:
                return
            self._closing = True
            try:
                self._wait_for_batches(deadline)
                with ExitStack() as stack:
                    moments = list(self._moments)
                    for snapshot in moments:
                        stack.enter_context(snapshot.unused(max(0.0, deadline - monotonic())))
                    # No call uses the snapshots now; only the next step can still fail.
                    self.environment.close(timeout=max(0.0, deadline - monotonic()))
                    self._closed = True
                    for snapshot in moments:
                        snapshot.close()
            finally:
                self._closing = False

    def _wait_for_batches(self, deadline: float) -> None:
        """Wait for the batches of this handle; batches of others keep the environment open."""
        while self._batches:
            if get_ident() in self._batches:
                raise BusyError(
                    f"{self.environment.path}: another task of this thread has a batch open; it "
                    "must end first"
                )
            if monotonic() > deadline:
                raise BusyError(
                    f"{self.environment.path} is in use: a batch of another thread did not end "
                    f"within {self.lock_timeout:g} s"
                )
            sleep(_PAUSE)

    def __del__(self) -> None:
        # Deleted without close: release files and locks now, not at the end of the process.
        # Every read or write through this handle holds a reference to it, so none is running.
        if not getattr(self, "_closed", True):
            self._closed = True
            try:  # noqa: SIM105 - the names of this module may be gone
                self.environment.abandon()
            except Exception:  # noqa: BLE001, S110 - as in suppress
                pass

    @contextmanager
    def _in_turn(self) -> Iterator[float]:
        """Run in one thread at a time; yields the deadline, by the clock `monotonic`."""
        deadline = monotonic() + self.lock_timeout
        with holding(self._turn, self.lock_timeout) as alone:
            if not alone:
                raise BusyError("the database is being closed by another thread")
            yield deadline


def _consolidate_heap() -> None:
    """Let the C library consolidate the memory that a batch freed, often thousands of pieces.

    It does so at the next large request, which would otherwise slow down a later call.
    """
    bytes(_LARGE_REQUEST)
