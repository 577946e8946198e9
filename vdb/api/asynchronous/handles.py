"""What the classes of the async face have beside the methods of the sync face."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from vdb.api.asynchronous.batch_block import AsyncBatch
from vdb.api.asynchronous.dispatcher import CLOSED, Dispatcher
from vdb.api.asynchronous.worker_call import WorkerCall
from vdb.api.collection_reader import CollectionReader
from vdb.api.database import Database
from vdb.api.snapshot import Snapshot
from vdb.errors import BusyError, ClosedError
from vdb.model import arguments
from vdb.model.grouped_hits import GroupedHits
from vdb.model.hits import Hits, ManyHits
from vdb.model.unpicklable import Handle

if TYPE_CHECKING:
    from vdb.maintenance.check.problems import Problems

__all__ = [
    "DatabaseHandle",
    "ReaderHandle",
    "SnapshotHandle",
    "checked",
    "opened",
    "readable",
]

_MOST_READERS = 256

_Opened = TypeVar("_Opened")
_FoundHits = TypeVar("_FoundHits", bound=Hits | ManyHits | GroupedHits)


class DatabaseHandle(Handle):
    """The part of `AsyncDatabase` that is written by hand."""

    def __init__(self, database: Database, calls: Dispatcher) -> None:
        self._sync = database
        self._calls = calls
        self._path = database.path
        self._is_closed = False  # written by a worker thread

    def _place(self) -> Path:
        return self._path

    def batch(self) -> AsyncBatch:
        """``async with db.batch():`` makes all writes of this task inside it one commit.

        As in the sync face: reads of this task inside the block see its own writes; all others see
        them after the commit. An exception that leaves the block undoes everything, and so does the
        end of a task that did not leave it. A batch inside a batch joins it.

        Writes of other tasks wait until it ends: without limit while a call runs in it, and for
        lock_timeout while its task does something else, after which they raise BusyError. Writes of
        tasks that were begun inside the block raise BusyError at once, because the block may wait
        for them: do not use ``asyncio.gather`` or a task group for writes there.

        Raises:
            BusyError: Another writer did not finish within lock_timeout.
            ClosedError: It was left by another task than the one that began it, and was undone; or
                this object was entered before.
            ReadOnlyError: The database is open for reading only.
            DiskFullError: No space is left, at the end of the block.

        Example:
            async with db.batch():
                await docs.delete("tea")
                await docs.add("cocoa", [0.7, 0.4, 0.1])
        """
        return AsyncBatch(self._sync, self._calls)

    async def contains(self, name: object) -> bool:
        """Whether there is a collection of that name, as ``name in db`` of the sync face.

        Example:
            assert await db.contains("docs")
        """
        return await self._calls.read(lambda _: name in self._sync)

    async def close(self) -> None:
        """Closes the database; later use raises ClosedError. Closing again does nothing.

        Writes that wait for their turn come first. Calls that run are waited for; reads that have
        not begun raise ClosedError. Snapshots become invalid, with all iterators.

        Raises:
            BusyError: A running call or batch did not end within lock_timeout, or this task has a
                batch open; the database stays open, and its snapshots too.
        """
        if self._calls.closed:
            return
        if self._calls.own_batch() is not None:
            raise BusyError("cannot close the database inside a batch; leave the block first")
        await self._calls.take_turn()
        try:
            if not self._calls.closed:
                await self._calls.with_turn(self._close, ending=CLOSED)
        finally:
            if self._is_closed:
                self._calls.shut()
            self._calls.turn.give_back()

    def _close(self, _: WorkerCall[None]) -> None:
        self._sync.close()
        self._is_closed = True

    async def __aenter__(self) -> Self:
        if self._calls.closed:
            raise ClosedError("the database is closed; open it again with vdb.open_async")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        state = "closed" if self._calls.closed else "open"
        return f"<{type(self).__name__} {str(self._path)!r}: {state}>"


class SnapshotHandle(Handle):
    """The part of `AsyncSnapshot` that is written by hand."""

    def __init__(self, database: Database, calls: Dispatcher) -> None:
        self._database = database
        self._calls = calls
        self._path = database.path
        self._moment: Snapshot | None = None  # written by a worker thread

    def _place(self) -> Path:
        return self._path

    @property
    def _sync(self) -> Snapshot:
        if self._moment is None:
            raise ClosedError(
                "this snapshot was not taken yet; async with db.snapshot() as moment: does that"
            )
        return self._moment

    @property
    def commit(self) -> int:
        """The number of the commit it shows; each commit adds one."""
        return self._sync.commit

    async def contains(self, name: object) -> bool:
        """Whether there was a collection of that name, as ``name in moment`` of the sync face.

        Example:
            async with db.snapshot() as moment:
                assert await moment.contains("docs")
        """
        return await self._calls.read(lambda _: name in self._sync)

    async def __aenter__(self) -> Self:
        def take(_: WorkerCall[None]) -> None:
            self._moment = self._database.snapshot()

        if self._moment is not None:
            self._moment.__enter__()  # ClosedError after closing
        else:
            await self._calls.moment(take)
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return self.__aenter__().__await__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Release the moment. Its collections raise ClosedError from then on."""
        moment = self._moment
        if moment is not None and not self._calls.closed:
            await self._calls.moment(lambda _: moment.close())

    def __repr__(self) -> str:
        state = "not taken" if self._moment is None else f"at commit {self._moment.commit}"
        return f"<{type(self).__name__} of {str(self._path)!r} {state}>"


class ReaderHandle(Handle):
    """The part of `AsyncCollectionReader` that is written by hand."""

    def __init__(self, collection: CollectionReader, calls: Dispatcher) -> None:
        self._sync = collection
        self._calls = calls

    def _place(self) -> Path:
        return self._sync._place()  # noqa: SLF001 - its other face

    async def contains(self, value: object) -> bool:
        """Whether there is a record of that id, as ``value in docs`` of the sync face.

        Example:
            assert await docs.contains("tea")
        """
        return await self._calls.read(lambda _: value in self._sync)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Refuse writing methods on a collection of a snapshot, with a typed error."""
            if not name.startswith("_"):
                getattr(self._sync, name)  # SnapshotWriteError
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._sync.name!r} of {str(self._place())!r}>"


async def opened(
    handle: Callable[[Database, Dispatcher], _Opened],
    begin: Callable[[], Database],
    *,
    lock_timeout: float,
    max_readers: int,
) -> _Opened:
    """The handle of a database that `begin` opens in its writer thread."""
    readers = arguments.whole("max_readers", max_readers, 1, _MOST_READERS)
    calls = Dispatcher(readers)
    databases: list[Database] = []
    try:
        await calls.with_turn(lambda _: databases.append(begin()), ending=CLOSED)
    except BaseException:
        if databases:  # the task was cancelled meanwhile
            await calls.with_turn(lambda _: databases[0].close(), ending=CLOSED, surely=True)
        calls.shut()
        raise
    calls.turn.lock_timeout = float(lock_timeout)
    return handle(databases[0], calls)


def readable(hits: _FoundHits) -> _FoundHits:
    """The same hits, with their payloads decoded: here, and not in the event loop."""
    hits.decode_payloads()
    return hits


def checked(problems: Problems) -> Problems:
    """The same problems, all of them found: here, and not in the event loop."""
    str(problems)
    return problems
