"""Columns of the kernel as tables of pyarrow, checked in full."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from vdb.kernel import TableColumn, TableSchema

FORMATS = {"int": "l", "float": "g", "keyword": "u", "bool": "b", "datetime": "tsu:UTC"}
FORMATS |= {f"{kind}[]": f"+l {form}" for kind, form in FORMATS.items()}
"""Types of declared fields -> the format of Arrow; of a list that of its items behind it."""


class Stream:
    """An object with nothing but a stream."""

    def __init__(self, schema: TableSchema, batches: Any) -> None:
        self.schema = schema
        self.batches = batches

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.schema.stream(self.batches)


def schema_of(fields: list[tuple[str, str]]) -> TableSchema:
    """A schema of nullable fields, (name, format)."""
    described = []
    for name, form in fields:
        outer, _, inner = form.partition(" ")
        items = [("item", inner, True, {}, [])] if inner else []
        described.append((name, outer, True, {}, items))
    return TableSchema(described, {})


def table_of(fields: list[tuple[str, str]], columns: list[TableColumn]) -> pa.Table:
    """A table of these columns."""
    table = pa.table(Stream(schema_of(fields), iter([columns])))
    table.validate(full=True)
    return table
