"""A Parquet file of ids, vectors and payloads, read a part at a time.

A file of `vdb export --parquet` has the columns "id", "vector" and "payload", a JSON text. In any
other file all columns besides the id and the vector make up the payload.

List columns are not read through their inner array: it has no rows for null lists, and has the rows
outside a slice. Parquet itself does not store that lists have a fixed length; pyarrow's schema in
the file does, and without it they are lists of any length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.cli.arguments.schema import Options
from vdb.cli.formats.file_format import FileFormat, ReadOptions
from vdb.cli.formats.file_reader import FileReader, Part
from vdb.cli.formats.schema_file import is_open, options_from
from vdb.cli.json_text import JsonError, parsed
from vdb.errors import InvalidArgumentError
from vdb.model.records import Id, Payload

__all__ = ["FORMAT", "ParquetReader", "open_parquet", "pyarrow_parquet"]

MAGIC = b"PAR1"
METADATA = b"vdb"
"""The key of the collection's schema in the metadata of an exported file."""

_EXPORTED = ["id", "vector", "payload"]


@dataclass(slots=True)
class ParquetReader(FileReader):
    """One file.

    Attributes:
        file: pyarrow's handle of it.
        vector_field: The column of the vectors.
        payload_fields: The columns of payloads.
    """

    path: Path
    file: Any
    id_field: str | None
    vector_field: str
    payload_fields: list[str]
    rows: int = field(init=False)
    columns: int = field(init=False)
    numbers: np.dtype[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = self.file.metadata.num_rows
        kind = self.file.schema_arrow.field(self.vector_field).type
        self.numbers = _number_type(kind.value_type)
        size = getattr(kind, "list_size", None)
        self.columns = self._first_length() if size is None else size

    def parts(self, room: Callable[[], int]) -> Iterator[Part]:
        """All rows in order; one row group is decoded at a time."""
        start = 0
        column_names = [self.vector_field, *self.payload_fields]
        if self.id_field is not None:
            column_names.append(self.id_field)
        for batch in self._batches(column_names, self.part_rows):
            done = 0
            while done < len(batch):
                rows = batch.slice(done, min(room(), len(batch) - done))
                numbers = range(start, start + len(rows))
                bare = rows.column(self.vector_field).is_null().to_numpy(zero_copy_only=False)
                yield Part(
                    numbers,
                    list(numbers) if self.id_field is None else self._ids(rows, start),
                    self._vectors(rows, start),
                    self._payloads(rows, start),
                    bare if bare.any() else None,
                )
                done, start = done + len(rows), start + len(rows)

    def ids(self) -> Iterator[Id]:
        """The ids of the column, or the row numbers."""
        if self.id_field is None:
            yield from range(self.rows)
            return
        start = 0
        for batch in self._batches([self.id_field]):
            yield from self._ids(batch, start)
            start += len(batch)

    def exported_options(self) -> Options | None:
        """The schema in the metadata of the file."""
        text = (self.file.schema_arrow.metadata or {}).get(METADATA)
        return None if text is None else options_from(text, str(self.path))

    def place(self, row: int, *, of_vector: bool) -> str:  # noqa: ARG002 - one file has both
        """A row of the file, counted from 0."""
        return f"row {row:,} of {self.path}"

    def _batches(self, columns: list[str], rows: int = 65_536) -> Iterator[Any]:
        """All rows in order, at most `rows` at a time."""
        # Of row groups that it is asked for together, pyarrow keeps what it decoded of every one.
        for group in range(self.file.num_row_groups):
            yield from self.file.iter_batches(batch_size=rows, columns=columns, row_groups=[group])

    def _first_length(self) -> int:
        for batch in self._batches([self.vector_field]):
            lists = batch.column(self.vector_field).drop_null()
            if len(lists):
                return len(lists[0])
        text = (self.file.schema_arrow.metadata or {}).get(METADATA)
        if text is not None and is_open(text):
            return 0
        raise InvalidArgumentError(
            f"{self.path} has no vectors, and does not say how long its vectors are"
        )

    def _vectors(self, batch: Any, start: int) -> NDArray[Any]:
        """The vectors of the rows that have one."""
        lists = batch.column(self.vector_field)
        rows = start + np.flatnonzero(lists.is_valid().to_numpy(zero_copy_only=False))
        lists, length = lists.drop_null(), self.columns
        sizes = lists.value_lengths().to_numpy(zero_copy_only=False)
        if (sizes != length).any():
            place = int(np.flatnonzero(sizes != length)[0])
            raise self._refused(
                int(rows[place]), f"has {sizes[place]:,} numbers where others have {length:,}"
            )
        values = lists.flatten()
        if values.null_count:
            place = int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0])
            raise self._refused(
                int(rows[place // length]), f"holds null at position {place % length:,}"
            )
        numbers: NDArray[Any] = values.to_numpy(zero_copy_only=False)
        return numbers.astype(self.numbers, copy=False).reshape(len(lists), length)

    def _ids(self, batch: Any, start: int) -> list[Id]:
        ids: list[Any] = batch.column(self.id_field).to_pylist()
        for row, value in enumerate(ids):
            if isinstance(value, bool) or not isinstance(value, int | str):
                raise self._refused(
                    start + row,
                    f"{self.id_field!r} must be a string or a whole number, got {value!r:.60}",
                )
        return ids

    def _payloads(self, batch: Any, start: int) -> list[Payload] | None:
        if not self.payload_fields:
            return None
        if self._is_exported():
            texts = batch.column("payload").to_pylist()
            return [self._payload(text, start + row) for row, text in enumerate(texts)]
        columns = {name: _plain(batch.column(name)) for name in self.payload_fields}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def _is_exported(self) -> bool:
        metadata = self.file.schema_arrow.metadata or {}
        return METADATA in metadata and set(_EXPORTED) <= set(self.file.schema_arrow.names)

    def _payload(self, text: Any, row: int) -> Payload:
        if not isinstance(text, str):
            return text
        try:
            payload: Payload = parsed(text)
        except JsonError as error:
            raise self._refused(row, f"'payload' is {error}") from None
        return payload

    def _refused(self, row: int, why: str) -> InvalidArgumentError:
        return InvalidArgumentError(f"{self.place(row, of_vector=True)}: {why}")


def open_parquet(path: Path, options: ReadOptions) -> ParquetReader:
    """Opens a file and finds its columns.

    Raises:
        InvalidArgumentError: pyarrow is missing, it is not a Parquet file, or a column is missing.
        OSError: It cannot be read.
    """
    if options.records is not None:
        raise InvalidArgumentError(f"{path} holds ids and payloads itself; leave out --records")
    pyarrow, parquet = pyarrow_parquet()
    try:
        # pre_buffer, which is on by default, reads a whole row group at once.
        file = parquet.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
        schema = file.schema_arrow
    except pyarrow.ArrowException as error:
        raise InvalidArgumentError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    vector = _vector_column(path, schema)
    if not options.with_records:
        return ParquetReader(path, file, None, vector, [])
    id_field = options.id_field
    if id_field not in schema.names:
        raise InvalidArgumentError(
            f"{path} has no column {id_field!r} for the ids (--ids-from names another, "
            f"--no-records takes row numbers); it has {', '.join(schema.names)}"
        )
    payload_fields = [name for name in schema.names if name not in (id_field, vector)]
    return ParquetReader(path, file, id_field, vector, payload_fields)


def pyarrow_parquet() -> tuple[Any, Any]:
    """The modules pyarrow and pyarrow.parquet.

    Raises:
        InvalidArgumentError: It is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise InvalidArgumentError(
            "Parquet files need pyarrow: pip install 'vdb[parquet]'", expected="pyarrow"
        ) from None
    return pyarrow, parquet


def _vector_column(path: Path, schema: Any) -> str:
    """The column "vector", or the only one of lists of numbers."""
    from pyarrow import types

    def is_vector(kind: Any) -> bool:
        lists = (types.is_fixed_size_list, types.is_list, types.is_large_list)
        numbers = (types.is_floating, types.is_integer, types.is_boolean)
        return any(is_one(kind) for is_one in lists) and any(
            is_one(kind.value_type) for is_one in numbers
        )

    candidates = [column.name for column in schema if is_vector(column.type)]
    if "vector" in candidates:
        return "vector"
    if len(candidates) != 1:
        columns = ", ".join(f"{column.name} ({column.type})" for column in schema)
        raise InvalidArgumentError(
            f"{path} has {len(candidates)} columns of lists of numbers and none of them is called "
            f"'vector'; it has {columns}"
        )
    return str(candidates[0])


def _plain(column: Any) -> list[Any]:
    """The values of a column for payloads; times become ISO 8601."""
    from pyarrow import types

    values: list[Any] = column.to_pylist()
    if types.is_temporal(column.type) and not types.is_duration(column.type):
        return [None if value is None else value.isoformat() for value in values]
    return values


def _number_type(kind: Any) -> np.dtype[Any]:
    number_type: np.dtype[Any] = np.dtype(kind.to_pandas_dtype())
    return number_type


FORMAT = FileFormat(
    name="parquet",
    suffix=".parquet",
    magic=MAGIC,
    made_by="pandas' to_parquet and pyarrow.parquet.write_table make one of a table",
    open=open_parquet,
)
