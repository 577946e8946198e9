"""A source that is a table of Arrow: record batches come from a file, records go out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from vdb.errors import InvalidArgumentError, SourceError, VdbError
from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.arrow_rows import ROW_IDS, ArrowRows
from vdb.sources.reading.exported_schema import METADATA, exported_schema, with_schema
from vdb.sources.reading.number_types import dtype_for, rounding_note
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place

__all__ = ["DAMAGE", "OPTIONS", "ArrowSource", "Batches", "damage_told", "open_table"]

Batches = Callable[[int, list[str] | None], Iterator[Any]]
"""All record batches of a table anew, of at most so many rows, with these columns."""

OPTIONS: Final = (
    Option("id", f"the column of the ids; {ROW_IDS}: row numbers; else the column id, if any"),
    Option("vector", "the column of the vectors, where it is not called vector and there are more"),
    Option("payload", "the columns of the payloads, with commas between them; else all others"),
    Option("json", "a column of JSON texts, which are the payloads themselves"),
    Option("nan", "what NaN in columns of payloads stands for", choices=("null", "refused")),
    Option("numbers", "bit: vectors of uint8 are packed bits", choices=("bit",)),
    Option("optional", "whether a row whose vector is null is a record without one", kind="bool"),
)

_FIRST: Final = 1024  # rows that are looked at for lengths
DAMAGE: Final = (
    ArithmeticError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What pyarrow, h5py and lance raise of damaged files."""


class ArrowSource(Source):
    """One table.

    Attributes:
        rows: How its rows become records.
        library_of: Opens the library that made it, for a metric; None for none.
    """

    __slots__ = ("_batches_of", "library_of", "rows")

    library_of: Callable[[str], Engine | None] | None

    def __init__(
        self, info: SourceInfo, rows: ArrowRows, batches: Batches, close: Callable[[], None]
    ) -> None:
        super().__init__(info, close)
        self.rows, self._batches_of, self.library_of = rows, batches, None

    def _library(self, metric: str) -> Engine | None:
        return None if self.library_of is None else self.library_of(metric)

    def _id_records(self, rows: int) -> Iterator[SourceBatch]:
        start = 0
        columns = [] if self.rows.id is None else [self.rows.id]
        tables = self._batches_of(rows, columns or [self.rows.vector.name])
        while True:
            with damage_told(self.info.path, f"row {start:,}"):
                table = next(tables, None)
                if table is None:
                    return
                batch = self.rows.ids_alone(table, start)
            start += len(table)
            yield batch

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        start = 0
        tables = self._batches_of(rows, self.rows.columns)
        while True:
            with damage_told(self.info.path, f"row {start:,}"):
                table = next(tables, None)
                if table is None:
                    return
                batch = self.rows.batch(table, start)
            start += len(table)
            yield from batch.slices(rows)


def open_table(
    place: Place,
    format: str,  # noqa: A002 - a name of the public face
    schema: Any,
    batches: Batches,
    close: Callable[[], None],
    *,
    count: int | None,
    version: str | None = None,
    id: str | None = None,  # noqa: A002 - a name of the public face
    vector: str | None = None,
    payload: str | None = None,
    json: str | None = None,
    nan: str | None = None,
    numbers: str | None = None,
    optional: bool = False,
) -> ArrowSource:
    """The source of a table; the options are those of `OPTIONS`.

    Raises:
        InvalidArgumentError: The table has no such column, or several may be meant.
        SourceError: It is damaged.
    """
    exported = _exported(place, schema)
    if exported is not None:
        bits = exported["dtype"] == "bit"
        id, vector = id or "id", vector or "vector"  # noqa: A001
        json = "payload" if payload is None else json
        numbers = "bit" if bits else numbers
        optional = optional or bool(exported.get("optional_vectors"))
    if payload is not None and json is not None:
        raise InvalidArgumentError("payload= and json= both say what the payloads are")
    try:
        rows = ArrowRows(
            schema,
            id=id,
            vector=vector,
            payload=None if payload is None else [one.strip() for one in payload.split(",") if one],
            optional=optional,
            nan_is_null=nan == "null",
            json=json,
            packed=numbers == "bit",
        )
    except InvalidArgumentError as error:
        error.message = f"{place.text}: {error.message}"
        raise
    with damage_told(place.text, "the first rows"):
        first = next(batches(_FIRST, rows.columns), None)
        if rows.vector.length is None:
            _find_length(rows, batches)
        fields = rows.payloads.declared(first)
    info = SourceInfo(
        format=format,
        version=version,
        path=place.text,
        count=count,
        dim=rows.vector.dim,
        numbers=rows.vector.numbers,
        dtype=dtype_for(rows.vector.numbers),
        ids=rows.ids,
        fields=fields,
        columns=rows.payloads.columns,
        optional_vectors=optional,
        notes=(*rounding_note(rows.vector.numbers), *rows.payloads.notes),
    )
    if exported is not None:
        with damage_told(place.text, "the schema of vdb"):
            info = with_schema(info, exported)
    return ArrowSource(info, rows, batches, close)


def _find_length(rows: ArrowRows, batches: Batches) -> None:
    for batch in batches(_FIRST, [rows.vector.name]):
        if rows.vector.find_length(batch.column(0)):
            return


def _exported(place: Place, schema: Any) -> dict[str, Any] | None:
    """The schema of a collection that `vdb export` wrote into the metadata of a table."""
    with damage_told(place.text, "the schema"):
        if not {"id", "vector", "payload"} <= set(schema.names):
            return None
        return exported_schema((schema.metadata or {}).get(METADATA))


@contextmanager
def damage_told(path: str, place: str) -> Iterator[None]:
    """Errors of compiled libraries and of decoding as `SourceError`; those of vdb as they are."""
    try:
        yield
    except VdbError:
        raise
    except BaseException as error:
        # The panics of libraries in Rust come as a class of their own below BaseException.
        if not isinstance(error, DAMAGE) and type(error).__name__ != "PanicException":
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SourceError(f"{path}: {place}: {reason}", path=path, place=place) from error
