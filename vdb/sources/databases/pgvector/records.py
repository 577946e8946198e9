"""Rows of a table of PostgreSQL as records, whether they come from a file or from a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError, SourceError
from vdb.model.records import Id
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.databases.pgvector.columns import VECTORS, Column, field_type
from vdb.sources.databases.pgvector.vector_indexes import Purpose
from vdb.sources.engine import Engine
from vdb.sources.info import IdKind, SourceInfo
from vdb.sources.reading.exported_schema import exact_numbers
from vdb.sources.source import Source

__all__ = ["PgvectorSource", "RowLayout", "Rows", "layout_of", "table_info"]

_METRICS: Final = ("l2", "ip", "cosine", "l1")
_INTS: Final = ("smallint", "integer", "bigint")

Rows = Callable[[], Iterator[tuple[int, Sequence[Any]]]]
"""The rows with their numbers, anew."""


@dataclass(frozen=True, slots=True)
class RowLayout:
    """The columns of the rows, and which of them is what.

    Attributes:
        columns: In the order of the rows.
        id: The place of the ids; None for row numbers.
        vector: The place of the vectors.
        place: What a row is called in messages: "line" or "row".
        value: A value of a column from what a row has of it.
        numbers: A vector likewise.
        optional: Whether a row whose vector is null is a record without one.
        whole: The place of whole payloads, of which other columns have parts; None where all
            columns together are the payload.
        dtype: The dtype of a collection that was exported; None: the column's numbers.
    """

    columns: list[Column]
    id: int | None
    vector: int
    place: str
    value: Callable[[Column, Any], Any]
    numbers: Callable[[Column, Any], NDArray[Any]]
    optional: bool = False
    whole: int | None = None
    dtype: str | None = None

    @property
    def payload(self) -> list[Column]:
        """The columns of the payloads."""
        return [
            column
            for place, column in enumerate(self.columns)
            if place != self.id and not column.is_vector
        ]

    def id_of(self, fields: Sequence[Any], number: int) -> Id:
        """The id of a row; `number` where there is no column of ids."""
        if self.id is None:
            return number
        column, field = self.columns[self.id], fields[self.id]
        if field is None:
            raise ValueError(f"{column.name}, the id, is null")
        value = self.value(column, field)
        return value if type(value) is int else str(value)


class PgvectorSource(Source):
    """One table.

    Attributes:
        library_of: Asks the server that the table is on, by a metric; None for a file.
    """

    __slots__ = ("_layout_of_rows", "_rows", "library_of")

    library_of: Callable[[str], Engine | None] | None

    def __init__(
        self, info: SourceInfo, layout: RowLayout, rows: Rows, close: Callable[[], None]
    ) -> None:
        super().__init__(info, close)
        self._layout_of_rows, self._rows, self.library_of = layout, rows, None

    def _library(self, metric: str) -> Engine | None:
        return None if self.library_of is None else self.library_of(metric)

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        part = _Part(self._layout_of_rows, self.info)
        for number, fields in self._rows():
            part.add(number, fields)
            if part.count == rows:
                yield self._batch(part)
                part = _Part(self._layout_of_rows, self.info, part.seen)
        yield self._batch(part)

    def _batch(self, part: _Part) -> SourceBatch:
        batch, dtype = part.batch(), self._layout_of_rows.dtype
        if dtype is None:
            return batch
        try:
            return replace(batch, vectors=exact_numbers(batch.vectors, dtype))
        except ValueError as error:
            path = self.info.path
            raise SourceError(f"{path}: the vectors: {error}", path=path, place="it") from None


class _Part:
    """Rows that become one batch."""

    def __init__(self, layout: RowLayout, info: SourceInfo, seen: int = 0) -> None:
        self._layout, self._info = layout, info
        self._ids: list[Id] = []
        self._vectors: list[NDArray[Any] | None] = []
        self._payloads: list[Any] = []
        self._rows: list[int] = []
        self._refusals: list[Refusal] = []
        self.seen = seen

    @property
    def count(self) -> int:
        """Rows that were added."""
        return len(self._rows) + len(self._refusals)

    def add(self, number: int, fields: Sequence[Any]) -> None:
        """One row; one that cannot be a record becomes a refusal."""
        layout, own_id = self._layout, None
        try:
            _require_columns(fields, layout)
            own_id = layout.id_of(fields, self.seen)
            vector = self._vector(fields[layout.vector])
            payload = self._payload(fields)
        except (ValueError, KeyError, OverflowError) as error:
            text = f"has the value {error}" if isinstance(error, KeyError) else str(error)
            self._refusals.append(Refusal(f"{layout.place} {number:,}", own_id, text))
        else:
            self._ids.append(own_id)
            self._vectors.append(vector)
            self._payloads.append(payload)
            self._rows.append(number)
        self.seen += 1

    def _payload(self, fields: Sequence[Any]) -> Any:
        layout = self._layout
        if layout.whole is not None:
            field = fields[layout.whole]
            return None if field is None else layout.value(layout.columns[layout.whole], field)
        values = {
            column.name: None if field is None else layout.value(column, field)
            for place, (column, field) in enumerate(zip(layout.columns, fields, strict=True))
            if place != layout.id and not column.is_vector
        }
        return values or None

    def _vector(self, field: Any) -> NDArray[Any] | None:
        column = self._layout.columns[self._layout.vector]
        if field is None:
            if self._layout.optional:
                return None
            raise ValueError(f"{column.name}, the vector, is null")
        vector = self._layout.numbers(column, field)
        length = len(vector) * 8 if column.type == "bit" else len(vector)
        if length != self._info.dim:
            raise ValueError(f"{column.name} has {length} dimensions, not {self._info.dim}")
        return vector

    def batch(self) -> SourceBatch:
        """The rows."""
        dim = self._info.dim or 0
        bits = self._info.dtype == "bit"
        kind = np.uint8 if bits else np.dtype(self._info.numbers)
        vectors = np.zeros((len(self._vectors), dim // 8 if bits else dim), kind)
        missing = np.array([one is None for one in self._vectors], np.bool_)
        known = [one for one in self._vectors if one is not None]
        if known:
            vectors[~missing] = np.stack(known)
        return SourceBatch(
            np.array(self._rows, np.int64),
            self._ids,
            vectors,
            self._payloads,
            missing if missing.any() else None,
            self._refusals,
            self._layout.place,
        )


def _require_columns(fields: Sequence[Any], layout: RowLayout) -> None:
    if len(fields) != len(layout.columns):
        raise ValueError(f"has {len(fields)} columns, not {len(layout.columns)}")


def layout_of(
    columns: list[Column],
    id_name: str | None,
    vector_name: str | None,
    *,
    place: str,
    value: Callable[[Column, Any], Any],
    numbers: Callable[[Column, Any], NDArray[Any]],
    optional: bool,
) -> RowLayout:
    """The layout of rows of these columns; where the user names none, the only ones that may be.

    Raises:
        InvalidArgumentError: There is no such column, or several may be that of the vectors.
    """
    names = [one.name for one in columns]
    choices = [one.name for one in columns if one.is_vector]
    if vector_name is None and len(choices) == 1:
        vector_name = choices[0]
    if vector_name not in choices:
        raise InvalidArgumentError(
            f"vector= must name one of the columns of vectors: {', '.join(choices) or 'none'}",
            expected=tuple(choices),
            received=vector_name,
        )
    if id_name is None and "id" in names:
        id_name = "id"
    if id_name is not None and id_name not in names:
        raise InvalidArgumentError(
            f"id= must name one of the columns {', '.join(names)}, got {id_name!r}",
            expected=tuple(names),
            received=id_name,
        )
    own_id = None if id_name is None else names.index(id_name)
    return RowLayout(columns, own_id, names.index(vector_name), place, value, numbers, optional)


def table_info(
    layout: RowLayout,
    purpose: Purpose,
    *,
    dim: int | None,
    kinds: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    **place: Any,
) -> SourceInfo:
    """What a table holds.

    `place` is its format, version, path and count; `kinds` are types of payload fields that the
    columns' types alone do not say.
    """
    column = layout.columns[layout.vector]
    others = layout.payload
    left = [one.name for one in layout.columns if one.is_vector and one.name != column.name]
    notes = [*purpose.notes, *notes]
    if left:
        notes.append(f"left out, as other vectors: {', '.join(left)}")
    if column.length is not None and column.dim != column.length:
        notes.append(f"vectors of {column.length:,} bits are padded to whole bytes")
    ids: IdKind = "row"
    if layout.id is not None:
        ids = "int" if layout.columns[layout.id].type in _INTS else "str"
    fields = {one.name: field for one in others if (field := field_type(one)) is not None}
    return SourceInfo(
        **place,
        dim=dim,
        numbers=VECTORS[column.type],
        dtype=VECTORS[column.type],
        metric=purpose.metric,
        metrics=("hamming",) if column.type == "bit" else _METRICS,
        convention="pgvector",
        ids=ids,
        index=purpose.graph,
        fields=fields | dict(kinds or {}),
        columns={one.name: one.type for one in others},
        optional_vectors=layout.optional,
        notes=tuple(notes),
    )
