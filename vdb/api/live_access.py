"""Reading and writing an open database: the newest commit, and the batches of its tasks.

Reads see the newest commit, or the changes that the calling task has made in its own batch; writes
join that batch or are a commit of their own. `batch_owner` says what a task is: a thread is one,
unless it runs several in turns, as asyncio does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from threading import RLock, get_ident
from time import monotonic, sleep
from weakref import WeakSet

from vdb.api.access import BatchAccess, JoinedBatch, PinnedAccess
from vdb.api.batch_block import BatchBlock
from vdb.api.batch_owner import Owner
from vdb.errors import BusyError, ClosedError, ReadOnlyError
from vdb.store import Batch, Environment, Snapshot, holding

__all__ = ["LiveAccess"]

_PAUSE = 0.001
_LARGE = 4096  # bytes that no allocator takes from its small pieces


class LiveAccess:
    """Reading and writing an open database.

    Threads: each thread has at most one batch, and touches only its own entry in the table of them;
    which of its tasks it belongs to, the owner beside it says. Closing, and moments that join those
    to be closed, take turns.
    """

    def __init__(self, environment: Environment, lock_timeout: float, *, read_only: bool) -> None:
        self.environment = environment
        self.lock_timeout = lock_timeout
        self.read_only = read_only  # this handle's; the environment may be shared with a writer
        self._batches: dict[int, tuple[Batch, Owner]] = {}
        # Closed with this handle, even while another one keeps the environment open.
        self._moments: WeakSet[Snapshot] = WeakSet()
        self._turn = RLock()
        self._closing = False
        self._closed = False

    @property
    def path(self) -> Path:
        """The directory of the database."""
        return self.environment.path

    def reading(self) -> AbstractContextManager[Snapshot | Batch]:
        """The calling task's batch, or a snapshot that is closed at the end of the call."""
        mine = self._mine()
        if mine is not None:
            return JoinedBatch(mine[0])
        self.check_open()
        return self.environment.snapshot()

    def moment(self) -> PinnedAccess | BatchAccess:
        """The calling task's batch, or the newest commit, held."""
        mine = self._mine()
        return self.pinned() if mine is None else BatchAccess(*mine, self.path)

    def _mine(self) -> tuple[Batch, Owner] | None:
        """The calling task's batch."""
        if not self._batches:
            return None
        found = self._batches.get(get_ident())
        return found if found is not None and found[1].is_here() else None

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

    def writing(self, *, room: int = 0) -> AbstractContextManager[Batch]:
        """The calling task's batch, or one that commits at the end of the call.

        `room` says about how many bytes the call is going to write, where that is known.
        """
        mine = self._mine()
        if mine is not None:
            batch = mine[0]
            if batch.broken:
                raise ClosedError(
                    f"an earlier call in this batch failed half-way ({batch.cause!r}); leave the "
                    "with block, which undoes it, and begin again"
                ) from batch.cause
            return JoinedBatch(batch)
        return self._new_batch(room)

    def batch(self) -> BatchBlock:
        """One batch for all that the calling task writes inside; see `_batch`."""
        return BatchBlock(self._batch, self.path)

    @contextmanager
    def _batch(self) -> Iterator[None]:
        """One batch for all that the calling task writes inside; a nested one joins it.

        When a nested one is left by an exception the whole batch can no longer be committed: part
        of what belongs together is missing.
        """
        mine = self._mine()
        if mine is not None:
            try:
                yield
            except BaseException as error:
                mine[0].fail(error)
                raise
            return
        me = get_ident()
        with self._new_batch() as batch:
            owner = Owner()
            self._batches[me] = batch, owner
            try:
                yield
                if not owner.is_here():
                    raise ClosedError(
                        "a batch was left by another thread or task than the one that began it "
                        "(in a generator, as it seems), and was undone"
                    )
            finally:
                del self._batches[me]
        _settle()

    def _new_batch(self, room: int = 0) -> Batch:
        self.check_writable()
        return self.environment.batch(timeout=self.lock_timeout, room=room)

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
        """Raise BusyError when the calling task is inside a batch."""
        if self._mine() is not None:
            raise BusyError(f"cannot {verb} inside a batch; leave the with block first")

    def close(self) -> None:
        """Let go of the moments, and of the environment, which closes when nobody else holds it.

        Raises:
            BusyError: Something runs on for longer than lock_timeout, or another task of this
                thread has a batch open; nothing was closed.
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
                    # From here on nobody uses them, so that only this can still fail.
                    self.environment.close(timeout=max(0.0, deadline - monotonic()))
                    self._closed = True
                    for snapshot in moments:
                        snapshot.close()
            finally:
                self._closing = False

    def _wait_for_batches(self, deadline: float) -> None:
        """Those of this handle; those of others keep the environment open by themselves."""
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
        with holding(self._turn, self.lock_timeout) as alone:
            if not alone:
                raise BusyError("the database is being closed by another thread")
            yield deadline


def _settle() -> None:
    """Have the C library put together what a batch freed: thousands of small pieces, perhaps.

    It does so when next somebody asks for much, which would be any call after the batch.
    """
    bytes(_LARGE)
