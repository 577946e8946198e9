"""How a collection comes by what it reads and writes through.

`LiveAccess` stands for an open database: reads see the newest commit, or what the calling task
has written so far in its own batch; writes join that batch or are a commit of their own. A task is
what `owner` says: a thread is one unless it runs several in turns, as asyncio does.
`PinnedAccess` stands for a snapshot: all reads see its moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import (
    AbstractContextManager,
    ContextDecorator,
    ExitStack,
    contextmanager,
    suppress,
)
from pathlib import Path
from threading import RLock, get_ident
from time import monotonic, sleep
from types import TracebackType
from typing import Protocol
from weakref import WeakSet

from vdb.api.batch_owner import Owner
from vdb.errors import ArgumentTypeError, BusyError, ClosedError, ReadOnlyError
from vdb.model.handles import Handle
from vdb.store import Batch, Environment, Snapshot
from vdb.store.files.thread_locks import held

__all__ = ["Access", "BatchAccess", "LiveAccess", "Moment", "PinnedAccess"]

_PAUSE = 0.001
_LARGE = 4096  # bytes that no allocator takes from its small pieces


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


class PinnedAccess:
    """Reading at one moment.

    Threads: any number may read at once; closing waits for them (see `Snapshot.use`), because a
    search that runs must not lose what it reads.
    """

    def __init__(self, snapshot: Snapshot, owner: LiveAccess) -> None:
        self._snapshot = snapshot
        self._owner = owner  # kept: a handle that nobody refers to any more is closed

    @property
    def path(self) -> Path:
        """The directory of the database."""
        return self._owner.path

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
    """Reading in a batch of the calling task, for as long as the batch lasts."""

    def __init__(self, batch: Batch, owner: Owner, path: Path) -> None:
        self._batch = batch
        self._owner = owner
        self.path = path

    def reading(self) -> AbstractContextManager[Batch]:
        """The batch, left open at the end of the call; ClosedError in another task."""
        self.check()
        return _Joined(self._batch)

    def moment(self) -> BatchAccess:
        """This one."""
        return self

    def check(self) -> None:
        """Raise ClosedError or ForkError when the batch is over, or another task's."""
        if not self._owner.is_here():
            raise ClosedError("this walk was begun inside a batch, and is read outside of it")
        self._batch.transaction()


class _Joined(AbstractContextManager[Batch]):
    """A batch for the length of one call in it, left open at its end."""

    __slots__ = ("_batch",)

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def __enter__(self) -> Batch:
        return self._batch

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self._batch.base.tell(error)


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
            return _Joined(mine[0])
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
            return _Joined(batch)
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
        if self.environment.gate.forked:
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
        with held(self._turn, self.lock_timeout) as alone:
            if not alone:
                raise BusyError("the database is being closed by another thread")
            yield deadline


class BatchBlock(Handle, AbstractContextManager[None], ContextDecorator):
    """The object of one ``with db.batch():``, to be entered once."""

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
        return BatchBlock(self._make, self._path)  # a decorated function begins one each time

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


def _settle() -> None:
    """Have the C library put together what a batch freed: thousands of small pieces, perhaps.

    It does so when next somebody asks for much, which would be any call after the batch.
    """
    bytes(_LARGE)
