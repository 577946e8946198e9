"""The columns of a table of records or hits: which there are, their names and their types.

Types are written as the Arrow C data interface abbreviates them
(https://arrow.apache.org/docs/format/CDataInterface.html).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from vdb.kernel import TableSchema

__all__ = ["RESERVED", "PayloadField", "RecordLayout", "TableLayout", "field_columns"]

RESERVED: Final = ("query", "rank", "id", "score", "value", "vector", "payload")
"""The columns that are no declared fields, in their order."""

_FORMATS: Final = {
    "int": "l",
    "float": "g",
    "keyword": "u",
    "bool": "b",
    "datetime": "tsu:UTC",
}
_NUMBERS: Final = {
    np.dtype(np.float64): "g",
    np.dtype(np.float32): "f",
    np.dtype(np.float16): "e",
    np.dtype(np.int8): "c",
    np.dtype(np.uint8): "C",
}

_JSON: Final = {"ARROW:extension:name": "arrow.json", "ARROW:extension:metadata": ""}
"""The mark of Arrow's canonical extension type of JSON: what reads the column again knows its texts
from others."""

ArrowField = tuple[str, str, bool, dict[str, str], list[Any]]
"""Name, format, nullable, metadata, fields."""


class PayloadField(NamedTuple):
    """A declared field: its path, its type, and the names of its path."""

    path: str
    type: str
    names: tuple[str, ...]

    @property
    def base(self) -> str:
        """The type of one value."""
        return self.type.removesuffix("[]")

    @property
    def is_list(self) -> bool:
        """Whether its values are lists."""
        return self.type.endswith("[]")


class RecordLayout(NamedTuple):
    """What the records of a collection are made of.

    Attributes:
        id_kind: "int" or "str"; None while there was never a record.
        fields: The declared fields that are indexed: of these all payloads have the type.
        dtype: How vectors are stored.
        dim: Numbers in a vector.
    """

    id_kind: str | None
    fields: tuple[PayloadField, ...]
    dtype: str
    dim: int


class TableLayout(NamedTuple):
    """The columns of one table.

    Attributes:
        records: Of which records.
        metadata: Keys and values that go with the table.
        scores: dtype of the scores; None for a table of records.
        queries: Whether there are several queries, which the column "query" tells apart.
        payloads: Whether there are payloads and the fields in them.
        text: Whether there are payloads as JSON.
        vectors: numpy's type and the number of columns of the vectors; None without them.
    """

    records: RecordLayout
    metadata: dict[str, str]
    scores: np.dtype[Any] | None = None
    queries: bool = False
    payloads: bool = True
    text: bool = True
    vectors: tuple[np.dtype[Any], int] | None = None

    def schema(self) -> TableSchema:
        """The schema, as the kernel gives it out."""
        return TableSchema(list(self._columns()), self.metadata)

    def _columns(self) -> list[ArrowField]:
        fields: list[ArrowField] = []
        if self.queries:
            fields.append(_field("query", "l"))
        if self.scores is not None:
            fields.append(_field("rank", "l"))
        fields.append(_field("id", "u" if self.records.id_kind == "str" else "l"))
        if self.scores is not None:
            fields += [_field("score", _NUMBERS[self.scores]), _field("value", "g")]
        if self.vectors is not None:
            fields.append(self._vector_field(*self.vectors))
        if self.payloads:
            names = field_columns(self.records.fields)
            fields += [_typed(*pair) for pair in zip(names, self.records.fields, strict=True)]
            if self.text:
                fields.append(("payload", "u", True, _JSON, []))
        return fields

    def _vector_field(self, numbers: np.dtype[Any], columns: int) -> ArrowField:
        about = {"vdb.dtype": self.records.dtype, "vdb.dim": str(self.records.dim)}
        item: ArrowField = ("item", _NUMBERS[numbers], True, {}, [])
        return "vector", f"+w:{columns}", True, about, [item]


def field_columns(fields: tuple[PayloadField, ...]) -> list[str]:
    """The names of the columns of these fields, in their order.

    A field's column has its path as name. Where that is taken, by one of `RESERVED` or by another
    field, ``payload.`` is put before it, as often as it takes.
    """
    taken = {*RESERVED, *(one.path for one in fields if one.path not in RESERVED)}
    names = []
    for one in fields:
        name = one.path
        if name in RESERVED:
            while name in taken:
                name = f"payload.{name}"
            taken.add(name)
        names.append(name)
    return names


def _field(name: str, form: str) -> ArrowField:
    return name, form, False, {}, []


def _typed(name: str, of: PayloadField) -> ArrowField:
    if of.is_list:
        return name, "+l", True, {}, [("item", _FORMATS[of.base], True, {}, [])]
    return name, _FORMATS[of.base], True, {}, []
