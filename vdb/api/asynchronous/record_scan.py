"""The class `AsyncRecordScan`: the records of a collection at one moment, also as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from vdb.api.asynchronous.dispatcher import Dispatcher
from vdb.api.asynchronous.walk import AsyncWalk
from vdb.api.asynchronous.worker_call import WorkerCall
from vdb.api.record_scan import RecordScan
from vdb.model.records import Record

__all__ = ["AsyncRecordScan"]

_T = TypeVar("_T")


class AsyncRecordScan(AsyncWalk[Record]):
    """The records of a collection, for ``async for``, or as a table; made by `scan`.

    As in the sync face a record is read once: a table has those that are still to come. A worker
    thread reads it as a whole, and the scan is over then. Where the task is cancelled meanwhile,
    the reading ends at the next record.
    """

    def __init__(
        self, begin: Callable[[], RecordScan], rows: int, dispatcher: Dispatcher, path: Path
    ) -> None:
        super().__init__(begin, rows, dispatcher, path)
        self._begin_scan = begin
        # Makes a scan of records of the page, which were not returned here, and of those to come.
        self._continued: Callable[[Iterable[Record], Callable[[], None]], RecordScan] | None = None

    def _first(self) -> RecordScan:
        scan = self._begin_scan()
        self._continued = scan._continuation()  # noqa: SLF001 - its other face
        return scan

    def _release(self) -> None:
        super()._release()
        self._continued = None

    async def to_arrow(self, *, rows: int | None = None) -> Any:
        """The records as a `pyarrow.RecordBatchReader`, whose batches are in memory.

        Args:
            rows: Rows of a batch, 1..1,000,000. None: 256, which are made without holding the event
                loop; larger ones may hold it for some milliseconds.

        Raises:
            ImportError: pyarrow is not installed.
            InvalidPayloadError: A declared field of type int holds more than 2**63 - 1.

        Example:
            table = (await docs.scan().to_arrow()).read_all()
        """
        return await self._table(lambda scan: scan._loaded(rows))  # noqa: SLF001 - its other face

    async def to_pandas(self) -> Any:
        """The records as a `pandas.DataFrame`, as `RecordScan.to_pandas` makes it.

        Raises:
            ImportError: pandas or pyarrow is not installed.
        """
        return await self._table(RecordScan.to_pandas)

    async def to_polars(self) -> Any:
        """The records as a `polars.DataFrame`, as `RecordScan.to_polars` makes it.

        Raises:
            ImportError: polars is not installed.
        """
        return await self._table(RecordScan.to_polars)

    async def to_dicts(self) -> list[dict[str, Any]]:
        """The records as dicts that JSON can hold: id, vector (a list, or None) and payload.

        Example:
            text = json.dumps(await docs.scan(limit=10).to_dicts())
        """
        return await self._table(RecordScan.to_dicts)

    async def _table(self, make: Callable[[RecordScan], _T]) -> _T:
        """What a worker thread makes of the records that are still to come."""
        self._refuse_two_tasks()
        tables: list[_T] = []

        def work(call: WorkerCall[None]) -> None:
            tables.append(make(self._remaining(call)))

        try:
            await self._in_worker(work)
        finally:
            self._over = True
            self._page.clear()
            self._release()
        return tables[0]

    def _remaining(self, call: WorkerCall[None]) -> RecordScan:
        """A scan of the records that were not returned yet. In a worker thread."""
        if self._failure is not None:
            raise self._failure
        if self._over:
            nothing = self._begin_scan()
            nothing.close()
            return nothing
        if self._continued is None:
            self._items = self._first()
        assert self._continued is not None  # noqa: S101 - for mypy: `_first` sets it
        return self._continued(tuple(self._page), call.require_wanted)
