"""What is written: ids, vectors and payloads, each given by itself or as a column of one table.

Tables are those of pandas, of numpy (structured arrays) and of every library that speaks Arrow.
Rows that come one by one, as dicts or `Record` objects, are a table too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Any, NamedTuple, NoReturn

import numpy as np

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import dataframes
from vdb.model.arguments import unreadable, words
from vdb.model.inputs.column_names import ID, PAYLOAD, VECTOR, ColumnNames
from vdb.model.inputs.ids import is_one_id
from vdb.model.inputs.iterators import rereadable
from vdb.model.inputs.json_texts import refuse_unmarked_json
from vdb.model.inputs.payload_columns import PayloadColumns
from vdb.model.inputs.row_dicts import RowDicts, is_row

__all__ = ["Columns", "columns_of", "payload_columns_of"]

_END = object()


class Columns(NamedTuple):
    """Ids, vectors and payloads, as they were given, all of which can be read several times.

    Attributes:
        ids: One id, or a column of them.
        vectors: One vector, or a column of them.
        payloads: One payload, or a column of them; None for none.
        id_name: What the ids are called in messages.
        vector_name: What the vectors are.
    """

    ids: Any
    vectors: Any
    payloads: Any
    id_name: str = "ids"
    vector_name: str = "vectors"


def columns_of(ids: Any, vectors: Any, payloads: Any, names: ColumnNames) -> Columns:
    """The three columns: as they were given, or those of the table that came as `ids` alone.

    Raises:
        InvalidArgumentError: The table has no such column; the message lists those that it has.
        ArgumentTypeError: The table cannot be read, or names of columns stand beside no table.
    """
    if vectors is None and not is_one_id(ids):
        table, ids = _table_of(ids)
        if table is not None:
            if payloads is not None:
                raise InvalidArgumentError(
                    "payloads= stands beside a table; payload= names its columns",
                    expected=None,
                    received=type(payloads).__name__,
                )
            return table.columns_by(names)
    if not names.are_default:
        raise ArgumentTypeError(
            "id=, vector= and payload= name columns of a table, which stands alone as "
            f"add(table, id=...); got {dataframes.described(ids)}",
            expected="a table",
            received=dataframes.described(ids),
        )
    if is_one_id(ids):
        return Columns(ids, rereadable("vectors", vectors), payloads, vector_name="vector")
    return Columns(
        _rereadable("ids", ids),
        _rereadable("vectors", vectors),
        _rereadable("payloads", payloads),
    )


def payload_columns_of(ids: Any, payloads: Any, names: ColumnNames) -> Columns:
    """As `columns_of`, without vectors; `payloads` is ``...`` where a table came alone.

    Raises:
        InvalidArgumentError: The table has no such column.
        ArgumentTypeError: The table cannot be read, or is none.
    """
    if payloads is not ...:
        return columns_of(ids, (), payloads, names)
    table = None if is_one_id(ids) else _table_of(ids)[0]
    if table is None:
        what = dataframes.described(ids)
        raise ArgumentTypeError(
            f"payloads are missing: give them beside ids, or a table alone, got {what}",
            expected="payloads",
            received=what,
        )
    return table.columns_by(names, vectors=False)


def _rereadable(name: str, value: Any) -> Any:
    """A value that can be read again: iterators are listed, streams of Arrow read."""
    if isinstance(value, str | bytes | np.ndarray | list | tuple):
        return value
    try:
        column = dataframes.arrow_column(value)
    except Exception as error:
        raise unreadable(name, value, error) from error
    return rereadable(name, value) if column is None else column


class _Table(NamedTuple):
    """Named columns of one length.

    Attributes:
        names: Those of the columns, in order.
        columns: Of pandas, numpy or Arrow.
        rows: How many each has.
        described: What it is called in messages.
    """

    names: list[Any]
    columns: list[Any]
    rows: int
    described: str

    def columns_by(self, names: ColumnNames, *, vectors: bool = True) -> Columns:
        return Columns(
            self._column(ID, names.id),
            self._column(VECTOR, names.vector) if vectors else None,
            self._payloads(names),
            f"table[{names.id!r}]",
            f"table[{names.vector!r}]",
        )

    def _column(self, parameter: str, name: Any) -> Any:
        places = [place for place, own in enumerate(self.names) if own == name]
        if len(places) != 1:
            what = f"has {len(places)} columns {name!r}" if places else f"has no column {name!r}"
            self._refuse(f"{what} for {parameter}=", name)
        return self.columns[places[0]]

    def _payloads(self, names: ColumnNames) -> PayloadColumns | None:
        payload = names.payload
        if payload is False:
            return None
        if isinstance(payload, str):
            column = self._column(PAYLOAD, payload)
            refuse_unmarked_json(column, f"table[{payload!r}]")
            return PayloadColumns(None, [column], self.rows)
        if payload is None:
            others = [name for name in self.names if name not in (names.id, names.vector)]
        else:
            others = names.listed()
        if not others:
            return None
        chosen = [self._column(PAYLOAD, name) for name in others]
        return PayloadColumns(others, chosen, self.rows)

    def _refuse(self, what: str, received: object) -> NoReturn:
        listed = words(tuple(map(str, self.names))) or "none"
        raise InvalidArgumentError(
            f"{self.described} {what}; its columns are {listed}",
            expected=tuple(self.names),
            received=received,
        )


class _Rows(NamedTuple):
    """Rows that come one by one."""

    rows: Iterable[Any]

    def columns_by(self, names: ColumnNames, *, vectors: bool = True) -> Columns:
        read = RowDicts(self.rows, names, vectors=vectors)
        id_name, vector_name = f"rows[{names.id!r}]", f"rows[{names.vector!r}]"
        return Columns(read.ids, read.vectors, read.payloads, id_name, vector_name)


def _table_of(value: Any) -> tuple[_Table | _Rows | None, Any]:
    """The table that a value is, or None; and the value, where it can still be read."""
    if isinstance(value, str | bytes | Mapping | AbstractSet):
        return None, value
    what = dataframes.described(value)
    if isinstance(value, Iterator) and what.startswith("vdb."):
        return _rows_of(value)  # records as they are: as a table their payloads would be JSON text
    if dataframes.is_pandas(value):
        columns = [value.iloc[:, place] for place in range(value.shape[1])]
        return _Table(list(value.columns), columns, len(value), what), value
    if isinstance(value, np.ndarray):
        names = value.dtype.names
        if names is None or value.ndim != 1:
            return None, value
        return _Table(list(names), [value[name] for name in names], len(value), what), value
    try:
        read = dataframes.arrow_column(value)
    except Exception as error:
        raise unreadable("table", value, error) from error
    if read is not None:
        if not read.is_table:
            return None, read
        fields = [child.name for child in read.type.children]
        return _Table(fields, read.fields(), len(read), what), read
    return _rows_of(value)


def _rows_of(value: Any) -> tuple[_Rows | None, Any]:
    """Rows, where the first of them is one; and the value, where it can still be read."""
    if not isinstance(value, Iterable) or dataframes.is_table(value):
        return None, value
    try:
        entries = iter(value)
        first = next(entries, _END)
    except Exception as error:
        raise unreadable("rows", value, error) from error
    if first is _END or is_row(first):
        return _Rows([] if first is _END else chain([first], entries)), value
    return None, chain([first], entries) if isinstance(value, Iterator) else value
