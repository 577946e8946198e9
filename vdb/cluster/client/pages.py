"""Ids and records of all shards in one order, read page by page.

Each page of a shard is of the moment at which it is read. What was there all the time is neither
left out nor repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from itertools import chain, islice
from typing import Any, TypeVar

import numpy as np

from vdb.kernel import TableColumn, vector_column
from vdb.model.presentation.json_dicts import record_dict
from vdb.model.records import Id, Record
from vdb.model.tables.arrow_table import ArrowTable
from vdb.model.tables.columns import id_column, of_payloads, parts_of
from vdb.model.tables.layout import TableLayout
from vdb.store.format.payloads import Payloads, encode_all

__all__ = ["PAGE", "ClusterScan", "in_order"]

PAGE = 4_000
"""Ids or records that are read at a time, of all shards together."""

_SMALLEST = 50

_Item = TypeVar("_Item")

_ROWS = 8_192


def in_order(
    pages: Callable[[Id | None, int], Sequence[list[_Item]]],
    key: Callable[[_Item], Any],
    *,
    shards: int,
    after: Id | None,
    limit: int | None,
) -> Iterator[_Item]:
    """The ids or records of shards, by id: ints by number, strs by their UTF-8 bytes.

    Args:
        pages: Of each shard the first so many behind an id.
        key: The id of what a page has.
        shards: How many there are, roughly.
        after: Begin behind this one.
        limit: The largest number of them; None for all.
    """
    size = max(_SMALLEST, PAGE // shards)
    left = limit
    while left is None or left > 0:
        rows = size if left is None else min(size, left)
        parts = pages(after, rows)
        # Behind the end of a page its shard may have more, so those of the others wait.
        ends = [key(part[-1]) for part in parts if len(part) >= rows]
        end = min(ends) if ends else None
        # The order of strs is that of their code points, which is that of their bytes in UTF-8.
        items = sorted((item for part in parts for item in part), key=key)
        if end is not None:
            items = [item for item in items if key(item) <= end]
        yield from items if left is None else items[:left]
        if end is None:
            return
        after = end
        left = None if left is None else left - len(items)


class ClusterScan(Iterator[Record], ArrowTable):
    """An iterator over the records of a sharded collection; made by `ShardedCollection.scan`.

    It is a table too, as `RecordScan` is. Whatever reads it, rows are read once.
    """

    def __init__(self, records: Iterator[Record], layout: TableLayout) -> None:
        self._rows = records
        self._table = layout

    def __next__(self) -> Record:
        return next(self._rows)

    def without_columns(self, paths: Container[str]) -> ClusterScan:
        """The same scan, whose table has no columns for these declared fields."""
        fields = [one for one in self._table.records.fields if one.path not in paths]
        self._table = self._table._replace(
            records=self._table.records._replace(fields=tuple(fields))
        )
        return self

    def close(self) -> None:
        """End the iteration."""
        self._rows = iter(())

    def to_arrow(self) -> Any:
        """The records as a `pyarrow.RecordBatchReader`, which reads a batch at a time.

        Raises:
            ImportError: pyarrow is not installed.
            InvalidPayloadError: A declared field of type int holds more than 2**63 - 1.

        Example:
            table = papers.scan().to_arrow().read_all()
        """
        return self._reader(self._batches())

    def to_dicts(self) -> list[dict[str, Any]]:
        """The records as dicts that JSON can hold: id, vector (a list, or None) and payload.

        Example:
            text = json.dumps(papers.scan(limit=10).to_dicts())
        """
        return [record_dict(record) for record in self]

    def _layout(self) -> TableLayout:
        """The columns; the first record says what kind of ids there are."""
        first = list(islice(self._rows, 1))
        self._rows = chain(first, self._rows)
        if first:
            kind = type(first[0].id).__name__
            self._table = self._table._replace(records=self._table.records._replace(id_kind=kind))
        return self._table

    def _batches(self) -> Iterator[list[TableColumn]]:
        while records := list(islice(self._rows, _ROWS)):
            payloads = None
            if self._table.payloads:
                payloads = Payloads(encode_all([record.payload for record in records]))
            for part in parts_of(payloads, len(records)):
                yield self._columns(records[part], None if payloads is None else payloads[part])

    def _columns(self, records: list[Record], payloads: Payloads | None) -> list[TableColumn]:
        ids: list[Id] = [record.id for record in records]
        columns = [id_column(ids, type(ids[0]).__name__)]
        if self._table.vectors is not None:
            columns.append(_vectors(records, *self._table.vectors))
        if payloads is not None:
            fields, text = self._table.records.fields, self._table.text
            columns += of_payloads(payloads, ids, fields, text=text)
        return columns


def _vectors(records: list[Record], dtype: Any, width: int) -> TableColumn:
    rows = np.zeros((len(records), width), dtype=dtype)
    present = np.array([record.vector is not None for record in records], dtype=np.bool_)
    for row, record in zip(rows, records, strict=True):
        if record.vector is not None:
            row[:] = record.vector
    return vector_column(rows) if present.all() else vector_column(rows, present)
