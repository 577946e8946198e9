"""What hits and scans have in common: they are tables, which other libraries read through Arrow.

Arrow's PyCapsule interface (https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface)
needs none of these libraries. They are imported when a method that is called after one is called.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from vdb.kernel import TableColumn
from vdb.model.tables.layout import TableLayout

__all__ = ["ArrowTable", "library"]


class ArrowTable:
    """A table that other libraries read through its stream of batches."""

    __slots__ = ()

    def _layout(self) -> TableLayout:
        """The columns."""
        raise NotImplementedError

    def _batches(self) -> Iterator[list[TableColumn]]:
        """Their values, a bounded number of rows at a time."""
        raise NotImplementedError

    def __arrow_c_schema__(self) -> object:
        """A capsule with the schema: names and types of the columns."""
        return self._layout().schema().capsule()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A capsule with the stream of batches. Another schema than its own is not made.

        pyarrow, polars, pandas, DuckDB, nanoarrow and others read it, without a library of Arrow's
        on this side. What they get is memory of their own.
        """
        del requested_schema  # to be met where it can be: types are those of the collection
        return _Stream(self._layout(), self._batches()).capsule()

    def to_pandas(self) -> Any:
        """The table as a `pandas.DataFrame`.

        Columns of declared fields, which may miss values, are of pandas' types that can
        (``Int64``, ``boolean``); vectors are arrays, one for each row.

        Raises:
            ImportError: pandas or pyarrow is not installed.

        Example:
            frame = hits.to_pandas()
        """
        pandas = library("pandas")
        table = self._read()
        arrow = library("pyarrow")
        nullable = {arrow.int64(): pandas.Int64Dtype(), arrow.bool_(): pandas.BooleanDtype()}
        frame = table.to_pandas(types_mapper=nullable.get)
        for field in table.schema:
            if not field.nullable and field.type == arrow.int64():
                frame[field.name] = frame[field.name].astype("int64")
        return frame

    def to_polars(self) -> Any:
        """The table as a `polars.DataFrame`; vectors are a column of type Array.

        ``payload`` is a column of type String, for polars' functions of text;
        ``polars.DataFrame(hits)`` may have it as an extension type.

        Raises:
            ImportError: polars is not installed.

        Example:
            frame = hits.to_polars()
        """
        polars = library("polars")
        stream = _Stream(self._layout(), self._batches())
        frame = stream.read(lambda: polars.DataFrame(stream))
        texts = [
            frame[name].ext.storage()
            for name, kind in frame.schema.items()
            if name == "payload" and kind != polars.String
        ]
        return frame.with_columns(texts) if texts else frame

    def _read(self) -> Any:
        """All of it as a `pyarrow.Table`."""
        arrow = library("pyarrow")
        stream = _Stream(self._layout(), self._batches())
        return stream.read(lambda: arrow.table(stream))

    def _reader(self, batches: Iterator[list[TableColumn]]) -> Any:
        """These batches as a `pyarrow.RecordBatchReader`."""
        arrow = library("pyarrow")
        return arrow.RecordBatchReader.from_stream(_Stream(self._layout(), batches))

    def _record_batches(self, batches: Iterator[list[TableColumn]]) -> Iterator[Any]:
        """These batches as `pyarrow.RecordBatch`, at least one; an error is raised as it is."""
        arrow = library("pyarrow")
        stream = _Stream(self._layout(), batches)
        reader = arrow.RecordBatchReader.from_stream(stream)
        batch = stream.read(lambda: next(reader, None))
        if batch is None:
            yield arrow.RecordBatch.from_pylist([], schema=reader.schema)
        while batch is not None:
            yield batch
            batch = stream.read(lambda: next(reader, None))

    def _reader_in_memory(self, batches: Iterator[list[TableColumn]]) -> Any:
        """The same after all batches were read, so that an error is raised here as it is."""
        arrow = library("pyarrow")
        stream = _Stream(self._layout(), batches)

        def read() -> Any:
            reader = arrow.RecordBatchReader.from_stream(stream)
            return arrow.RecordBatchReader.from_batches(reader.schema, list(reader))

        return stream.read(read)


class _Stream:
    """One reading of a table: nothing but the stream, once.

    A library that prefers sequences to streams is given this instead of the hits.
    """

    def __init__(self, layout: TableLayout, batches: Iterator[list[TableColumn]]) -> None:
        self._layout = layout
        # Made here, so that an error comes as it is: through a stream it is a text and a number.
        first = next(batches, None)
        ahead: Iterable[list[TableColumn]] = () if first is None else (first,)
        self._errors: list[BaseException] = []
        self._batches = _watched(chain(ahead, batches), self._errors)

    def capsule(self) -> object:
        """The stream."""
        return self._layout.schema().stream(self._batches)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.capsule()

    def read(self, how: Any) -> Any:
        """What a library makes of the stream; an error inside is raised as it was."""
        try:
            return how()
        except Exception:
            if self._errors:
                raise self._errors[0] from None
            raise


def _watched(
    batches: Iterator[list[TableColumn]], errors: list[BaseException]
) -> Iterator[list[TableColumn]]:
    """The batches; an error on the way is noted, because a stream has only a text of it."""
    try:
        yield from batches
    except BaseException as error:
        errors.append(error)
        raise


def library(name: str, extra: str = "tables") -> Any:
    """A library that results can be given to.

    Raises:
        ImportError: It is not installed; names the extra that brings it.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        text = f"this needs {package}, which is not installed: pip install 'vdb[{extra}]'"
        raise ImportError(text, name=package) from None
