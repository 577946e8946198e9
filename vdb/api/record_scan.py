"""The public class `RecordScan`: the records of a collection at one moment, rows of a table."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from vdb import query
from vdb.api import lazy_modules
from vdb.api.read_access import Moment
from vdb.api.record_iterator import Walk
from vdb.errors import ClosedError
from vdb.kernel import TableColumn
from vdb.model import arguments, pauses
from vdb.model.presentation.json_dicts import record_dict
from vdb.model.records import Id, Record
from vdb.model.tables.arrow_table import ArrowTable
from vdb.model.tables.layout import TableLayout
from vdb.query import RecordParts
from vdb.store import CollectionView, WritableCollection

if TYPE_CHECKING:
    from vdb.query import record_batches as batches_module
else:
    batches_module = lazy_modules.module("vdb.query.record_batches")

__all__ = ["RecordScan"]

_MOST_ROWS = 1_000_000


class RecordScan(Walk[Record], ArrowTable):
    """An iterator over the records of a collection, as of its creation; made by `scan`.

    It is a table too: libraries that read Arrow's stream take it as it is, batch by batch, with the
    columns id, vector, one for each declared field, and payload as JSON. Whatever reads it, rows
    are read once: a table has those that are still to come.

    It holds its moment until it is exhausted, closed or deleted.
    """

    def __init__(
        self,
        moment: Moment,
        view: CollectionView | WritableCollection,
        ids: Iterator[Id],
        parts: RecordParts,
    ) -> None:
        self._ids = ids
        self._ahead: deque[Record] = deque()  # read, and not returned yet
        table = batches_module.RecordTable(moment.reading, view, parts)
        self._table: batches_module.RecordTable | None = table
        self._columns = table.layout
        # The iterator must not lead back here: what nobody refers to any more lets its moment go.
        chunks = query.scan(moment.reading, view, ids, parts)
        super().__init__(moment, _one_by_one(chunks, self._ahead))

    def _release(self) -> None:
        super()._release()
        self._ahead.clear()
        self._ids = iter(())
        self._table = None

    # Tables

    def to_arrow(self, *, rows: int | None = None) -> Any:
        """The records as a `pyarrow.RecordBatchReader`, which reads a batch at a time.

        Its ``read_all()`` is a table of all of them.

        Args:
            rows: Rows of a batch, 1..1,000,000. None: 8,192, or fewer where vectors are long. A
                batch has fewer where payloads take more than 64 MiB.

        Raises:
            ImportError: pyarrow is not installed.
            InvalidPayloadError: A declared field of type int holds more than 2**63 - 1.

        Example:
            pyarrow.parquet.write_table(docs.scan().to_arrow().read_all(), "docs.parquet")
        """
        most = None if rows is None else arguments.whole("rows", rows, 1, _MOST_ROWS)
        return self._reader(self._read_batches(most))

    def _loaded(self, rows: int | None) -> Any:
        """`to_arrow` with all batches in memory."""
        most = None if rows is None else arguments.whole("rows", rows, 1, _MOST_ROWS)
        return self._reader_in_memory(self._read_batches(most))

    def _one_at_a_time(self) -> Iterator[Any]:
        """The batches of `to_arrow`, at least one; an error is raised as it is."""
        return self._record_batches(self._read_batches(None))

    def to_dicts(self) -> list[dict[str, Any]]:
        """The records as dicts that JSON can hold: id, vector (a list, or None) and payload.

        Example:
            text = json.dumps(docs.scan(limit=10).to_dicts())
        """
        return [record_dict(record) for record in pauses.paced(self)]

    def _layout(self) -> TableLayout:
        return self._columns

    def _batches(self) -> Iterator[list[TableColumn]]:
        return self._read_batches(None)

    def _read_batches(self, rows: int | None) -> Iterator[list[TableColumn]]:
        if self._table is None:
            return
        for batch in self._table.batches(self._remaining_ids(), rows):
            self._require_open()
            yield batch
        self._require_open()
        self._release()

    def _require_open(self) -> None:
        """ClosedError where the rest of a table is gone."""
        if self._closed:
            raise ClosedError("the scan was closed before its table was read to the end")
        if self._moment is not None:
            self._moment.check()

    def _continuation(self) -> Callable[[Iterable[Record], Callable[[], None]], RecordScan]:
        """A function that makes a scan of records that this one returned and of all to come.

        It holds the moment, though this scan may be exhausted. The other function that it takes is
        called before each record is read, and may raise.
        """
        moment, table = self._moment, self._table
        if moment is None or table is None:
            raise ClosedError("the scan is over")

        def continued(returned: Iterable[Record], check: Callable[[], None]) -> RecordScan:
            def ids() -> Iterator[Id]:
                for value in chain([record.id for record in returned], self._remaining_ids()):
                    check()
                    yield value

            return RecordScan(moment, table.view, ids(), table.parts)

        return continued

    def _remaining_ids(self) -> Iterator[Id]:
        """The ids of rows that were not returned yet, one after the other."""
        while self._moment is not None:
            if self._ahead:
                yield self._ahead.popleft().id
            else:
                value = next(self._ids, None)
                if value is None:
                    return
                yield value


def _one_by_one(chunks: Iterator[list[Record]], ahead: deque[Record]) -> Iterator[Record]:
    for chunk in chunks:
        ahead.extend(chunk)
        while ahead:
            yield ahead.popleft()
