"""Payloads of Chroma: metadata, with the document and the URI beside it.

A value is a row of `embedding_metadata` in the column of its type, a value of a list one of
`embedding_metadata_array`. Documents have the key "chroma:document", URIs "chroma:uri"; their
fields are "document" and "uri" where no metadata has such a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vdb.sources.databases.chroma.collection_row import columns_of
from vdb.sources.reading.sqlite_file import SqliteFile

__all__ = ["Metadata"]

_DOCUMENTS: Final = {"chroma:document": "document", "chroma:uri": "uri"}
_TYPES: Final = {
    "string_value": ("keyword", "string"),
    "int_value": ("int", "int"),
    "float_value": ("float", "float"),
    "bool_value": ("bool", "bool"),
}
"""Columns, with the types of a field and of the source."""
_EXPECTED: Final[dict[str, Any]] = {
    "string_value": (str,),
    "int_value": (int,),
    "float_value": (float, int),
}
_KEYWORD_BYTES: Final = 256


class Metadata:
    """The payloads of one collection.

    Attributes:
        columns: All fields, with Chroma's types.
        fields: Those with one type, as a collection can declare them; no long texts.
    """

    def __init__(self, file: SqliteFile, segment: str) -> None:
        self._file, self._segment = file, segment
        there = columns_of(file, "embedding_metadata")
        self._columns = [name for name in _TYPES if name in there]
        self._tables = ["embedding_metadata"]
        if "embedding_metadata_array" in file.tables():
            self._tables.append("embedding_metadata_array")
        self.columns: dict[str, str] = {}
        self.fields: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._describe()

    def payloads(self, first: int, last: int) -> Mapping[int, dict[str, Any]]:
        """Payloads by the number of the record, for those from `first` to `last`."""
        payloads: dict[int, dict[str, Any]] = {}
        for table in self._tables:
            listed = table.endswith("_array")
            query = (
                f"SELECT m.id, m.key, {', '.join(f'm.{name}' for name in self._columns)} "
                f"FROM {table} m JOIN embeddings e ON e.id = m.id "
                "WHERE e.segment_id = ? AND e.id BETWEEN ? AND ? ORDER BY m.rowid"
            )
            for number, key, *values in self._file.rows(query, [self._segment, first, last]):
                value = self._value(number, key, values)
                payload = payloads.setdefault(number, {})
                name = self._names.get(key, key)
                if listed:
                    payload.setdefault(name, []).append(value)
                else:
                    payload[name] = value
        return payloads

    def _value(self, number: int, key: Any, values: list[Any]) -> Any:
        for column, value in zip(self._columns, values, strict=True):
            if value is None:
                continue
            if column == "bool_value" and value in (0, 1):
                return bool(value)
            if isinstance(value, _EXPECTED.get(column, ())):
                return float(value) if column == "float_value" else value
            raise self._file.error(
                f"the metadata of record {number}", f"has {value!r} as {column} of {key!r}"
            )
        return None

    def _describe(self) -> None:
        """Find the names and the types of all fields."""
        kinds: dict[str, list[tuple[str, bool, int]]] = {}
        counts = ", ".join(f"COUNT(m.{name})" for name in self._columns)
        for table in self._tables:
            query = (
                f"SELECT m.key, MAX(LENGTH(CAST(m.string_value AS BLOB))), {counts} "
                f"FROM {table} m JOIN embeddings e ON e.id = m.id WHERE e.segment_id = ? "
                "GROUP BY m.key"
            )
            for key, longest, *numbers in self._file.rows(query, [self._segment]):
                for column, number in zip(self._columns, numbers, strict=True):
                    if number:
                        row = column, table.endswith("_array"), longest or 0
                        kinds.setdefault(key, []).append(row)
        self._names = {
            key: name for key, name in _DOCUMENTS.items() if key in kinds and name not in kinds
        }
        for key in sorted(kinds):
            name = self._names.get(key, key)
            rows = kinds[key]
            self.columns[name] = " or ".join(
                _TYPES[column][1] + "[]" * listed for column, listed, _ in rows
            )
            column, listed, longest = rows[0]
            long = column == "string_value" and (longest > _KEYWORD_BYTES or key in _DOCUMENTS)
            if len(rows) == 1 and not long:
                self.fields[name] = _TYPES[column][0] + "[]" * listed
