"""Rows of Arrow's record batches as records: ids, vectors, payloads."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import shown
from vdb.model.config import LIMITS
from vdb.model.records import Id, Payload
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.info import IdKind
from vdb.sources.reading.arrow_payloads import PayloadTable
from vdb.sources.reading.arrow_vectors import VectorColumn, is_vectors
from vdb.sources.reading.libraries import needed
from vdb.sources.reading.plain_json import PlainJsonError, plain_json

__all__ = ["ROW_IDS", "ArrowRows"]

ROW_IDS: Final = "row"
"""In the place of the name of a column of ids: the row numbers."""

_UUID: Final = 16


class ArrowRows:
    """How the rows of tables of one schema become records.

    Attributes:
        id: The column of the ids; None where row numbers take their place.
        ids: The kind of the ids.
        vector: The column of the vectors.
        payloads: The columns that make up the payloads.
    """

    def __init__(
        self,
        schema: Any,
        *,
        id: str | None = None,  # noqa: A002 - the word for it
        vector: str | None = None,
        payload: Sequence[str] | None = None,
        optional: bool = False,
        nan_is_null: bool = False,
        json: str | None = None,
        packed: bool = False,
        length: int | None = None,
    ) -> None:
        """The columns of a schema.

        Args:
            schema: Of pyarrow's.
            id: The column of the ids. None: "id", or row numbers where there is none; `ROW_IDS`:
                row numbers.
            vector: The column of the vectors. None: "vector", or the only one that can be one.
            payload: The columns of the payloads, in order. None: all others.
            optional: Whether records may have no vector; else such rows are refused.
            nan_is_null: Whether NaN in a column of payloads stands for null.
            json: A column of JSON texts that are the payloads themselves.
            packed: Whether vectors of uint8 are packed bits.
            length: Numbers of a vector, where the source says so beside the table.

        Raises:
            InvalidArgumentError: There is no such column, or it is of another type.
        """
        self.vector = VectorColumn(
            schema.field(_vector_name(schema, vector)), length, packed=packed
        )
        self.id = _id_name(schema, id)
        self.ids: IdKind = "row" if self.id is None else _id_kind(schema.field(self.id))
        used = (self.id, self.vector.name)
        names = [name for name in schema.names if name not in used] if payload is None else payload
        for name in names:
            _require(schema, "payload", name)
        self.payloads = PayloadTable(schema, names, nan_is_null=nan_is_null)
        self._optional = optional
        self._json = json
        if json is not None:
            _require(schema, "json", json)
            self.payloads = PayloadTable(schema, [])

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        ids = [] if self.id is None else [self.id]
        texts = [] if self._json is None else [self._json]
        return [*dict.fromkeys([*ids, self.vector.name, *self.payloads.names, *texts])]

    def batch(self, rows: Any, start: int, unit: str = "row") -> SourceBatch:
        """Some rows as records.

        Args:
            rows: A record batch of pyarrow's that has the columns.
            start: The number of its first row in the source.
            unit: What a row is called in the places of refusals.
        """
        numbers = np.arange(start, start + len(rows))
        ids, refused = (numbers, {}) if self.id is None else _ids(rows.column(self.id))
        vectors, missing, wrong = self.vector.read(rows.column(self.vector.name))
        refused = wrong | refused
        if not self._optional:
            lacking = dict.fromkeys(np.flatnonzero(missing).tolist(), "the vector is null")
            refused = lacking | refused
        payloads = self.payloads.read(rows)
        if self._json is not None:
            payloads, wrong = _parsed(rows.column(self._json).to_pylist())
            refused = wrong | refused
        batch = SourceBatch(
            numbers,
            ids,
            vectors,
            payloads,
            missing if self._optional and missing.any() else None,
            unit=unit,
        )
        return _sound(batch, refused)

    def ids_alone(self, rows: Any, start: int) -> SourceBatch:
        """As `batch`, of rows that may have no other column than that of the ids."""
        numbers = np.arange(start, start + len(rows))
        ids, refused = (numbers, {}) if self.id is None else _ids(rows.column(self.id))
        return _sound(SourceBatch(numbers, ids, np.empty((len(rows), 0), np.float32)), refused)


def _sound(batch: SourceBatch, refused: dict[int, str]) -> SourceBatch:
    """The batch without the rows that are refused, which become refusals."""
    if not refused:
        return batch
    chosen = np.ones(len(batch), np.bool_)
    chosen[list(refused)] = False
    refusals = [
        Refusal(batch.place(row), _one(batch.ids, row), reason)
        for row, reason in sorted(refused.items())
    ]
    batch = batch.take(chosen)
    batch.refusals = refusals
    return batch


def _require(schema: Any, option: str, name: str) -> None:
    if schema.names.count(name) != 1:
        many = "several columns" if name in schema.names else "no column"
        more = f"; id={ROW_IDS} takes row numbers" if option == "id" else ""
        raise InvalidArgumentError(
            f"{option}: the table has {many} {shown(name)}; it has {', '.join(schema.names)}{more}",
            expected=tuple(schema.names),
            received=name,
        )


def _vector_name(schema: Any, name: str | None) -> str:
    """The column of the vectors."""
    candidates = [field.name for field in schema if is_vectors(field)]
    if name is None:
        if "vector" in candidates:
            name = "vector"
        elif len(candidates) == 1:
            (name,) = candidates
        else:
            which = f"may be {', '.join(candidates)}" if candidates else "are not there"
            columns = ", ".join(f"{field.name} ({field.type})" for field in schema)
            raise InvalidArgumentError(
                f"the vectors {which}: give vector=, a column of lists of numbers; the table has "
                f"{columns}",
                expected=tuple(candidates),
            )
    _require(schema, "vector", name)
    if name not in candidates:
        raise InvalidArgumentError(
            f"vector: column {shown(name)} is of type {schema.field(name).type}, not of lists of "
            "numbers",
            expected="lists of numbers",
            received=str(schema.field(name).type),
        )
    return name


def _id_name(schema: Any, name: str | None) -> str | None:
    if name is None:
        return "id" if "id" in schema.names else None
    if name == ROW_IDS and name not in schema.names:
        return None
    _require(schema, "id", name)
    return name


def _id_kind(field: Any) -> IdKind:
    """Whether a column can hold ids, and of which kind."""
    types = needed("pyarrow", "pyarrow", "reading tables of Arrow").types
    kind = _plain_type(field.type)
    if types.is_integer(kind):
        return "int"
    text = (types.is_string, types.is_large_string, getattr(types, "is_string_view", types.is_null))
    uuids = types.is_fixed_size_binary(kind) and kind.byte_width == _UUID
    if uuids or any(is_one(kind) for is_one in text):
        return "str"
    raise InvalidArgumentError(
        f"id: column {shown(field.name)} is of type {field.type}; ids are whole numbers or texts "
        f"(id={ROW_IDS} takes row numbers)",
        expected="int or str",
        received=str(field.type),
    )


def _plain_type(kind: Any) -> Any:
    """The type of the values: of a dictionary, of runs, of an extension."""
    while True:
        inner = getattr(kind, "storage_type", None)
        if inner is None and hasattr(kind, "index_type"):
            inner = kind.value_type
        if inner is None and hasattr(kind, "run_end_type"):
            inner = kind.value_type
        if inner is None:
            return kind
        kind = inner


def _ids(array: Any) -> tuple[Sequence[Id] | NDArray[np.int64], dict[int, str]]:
    """The ids of a column; and which rows have none, with the reason. Their id is 0 or ""."""
    compute = needed("pyarrow.compute", "pyarrow", "reading tables of Arrow")
    types = needed("pyarrow", "pyarrow", "reading tables of Arrow").types
    if hasattr(array, "storage"):
        array = array.storage
    if hasattr(array, "dictionary_decode"):
        array = array.dictionary_decode()
    elif hasattr(array.type, "run_end_type"):
        array = compute.run_end_decode(array)
    refused: dict[int, str] = {}
    if array.null_count:
        nulls = np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))
        refused = dict.fromkeys(nulls.tolist(), "the id is null")
    if types.is_integer(array.type):
        whole = array.fill_null(0) if refused else array
        numbers = whole.to_numpy(zero_copy_only=False)
        large = len(numbers) and numbers.dtype == np.uint64 and int(numbers.max()) > LIMITS.id_max
        return (numbers.tolist() if large else numbers.astype(np.int64)), refused
    values = array.to_pylist()
    if types.is_fixed_size_binary(array.type):
        values = [None if one is None else str(uuid.UUID(bytes=one)) for one in values]
    return ["" if one is None else one for one in values], refused


def _parsed(texts: list[Any]) -> tuple[list[Payload], dict[int, str]]:
    """The values of JSON texts; and why rows have none."""
    values: list[Payload] = []
    refused: dict[int, str] = {}
    for row, text in enumerate(texts):
        value: Payload = None
        try:
            value = text if text is None else plain_json(text)
        except (PlainJsonError, TypeError, AttributeError) as error:
            refused[row] = f"the payload {error}"
        values.append(value)
    return values, refused


def _one(ids: Sequence[Id] | NDArray[np.int64], row: int) -> Id | None:
    return int(ids[row]) if isinstance(ids, np.ndarray) else ids[row] or None
