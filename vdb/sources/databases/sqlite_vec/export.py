"""What vdb export adds to a table of vec0: the schema of the collection, and whole payloads.

The table vdb_export has the schema by the name of the table of vec0. The auxiliary column payload
has the payload as JSON; the columns of metadata have values of some of its fields again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from vdb.sources.batch import SourceBatch
from vdb.sources.info import SourceInfo
from vdb.sources.reading.exported_schema import (
    exact_numbers,
    exported_schema,
    with_own_scores,
)
from vdb.sources.reading.plain_json import PlainJsonError, plain_json
from vdb.sources.reading.sqlite_file import SqliteFile

__all__ = ["Export", "export_of"]

_TABLE: Final = "vdb_export"
_PAYLOAD: Final = "payload"


@dataclass(frozen=True, slots=True)
class Export:
    """The schema of the collection that a table was exported from."""

    file: SqliteFile
    table: str
    schema: dict[str, Any]

    def described(self, info: SourceInfo) -> SourceInfo:
        """What the table holds, completed by the schema; metric and dimension are its own.

        Raises:
            SourceError: The schema is of other vectors.
        """
        try:
            whole = with_own_scores(info, self.schema)
        except ValueError as error:
            raise self.file.error(f"the schema in {_TABLE}", str(error)) from None
        if whole.metric != info.metric:
            raise self.file.error(
                f"the schema in {_TABLE}",
                f"has the metric {whole.metric}, and the table {self.table} {info.metric}",
            )
        columns = {name: kind for name, kind in info.columns.items() if name != _PAYLOAD}
        return replace(whole, columns=columns)

    def completed(self, batch: SourceBatch) -> SourceBatch:
        """The batch with numbers of the collection's dtype, and with whole payloads.

        Raises:
            SourceError: A payload is no JSON, or a number is none of the dtype.
        """
        try:
            numbers = exact_numbers(batch.vectors, self.schema["dtype"])
        except ValueError as error:
            raise self.file.error(f"table {self.table}", str(error)) from None
        payloads = [
            self._payload(batch.place(place), columns)
            for place, columns in enumerate(batch.payload_list())
        ]
        return replace(batch, vectors=numbers, payloads=payloads)

    def _payload(self, place: str, columns: Any) -> Any:
        """The payload in JSON; a column that was changed since counts, as does a new row."""
        values = dict(columns or {})
        text = values.pop(_PAYLOAD, None)
        if text is None:
            return values or None
        try:
            payload = plain_json(text)
        except (PlainJsonError, TypeError) as error:
            raise self.file.error(f"{place} of {self.table}", f"the payload {error}") from None
        if not isinstance(payload, dict):
            return payload
        return payload | {
            name: value for name, value in values.items() if payload.get(name) != value
        }


def export_of(file: SqliteFile, table: str) -> Export | None:
    """What vdb export added to a table; None for other tables.

    Raises:
        SourceError: The schema is of another version, or without a part.
    """
    if _TABLE not in file.tables():
        return None
    row = file.one(f"SELECT schema FROM {_TABLE} WHERE name = ?", [table])
    try:
        schema = exported_schema(row[0]) if row and isinstance(row[0], str) else None
    except ValueError as error:
        raise file.error(f"the schema in {_TABLE}", str(error)) from None
    return None if schema is None else Export(file, table, schema)
