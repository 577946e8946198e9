"""The records of an export as batches of Arrow, with the schema of the collection.

The columns are id, vector, one for each declared field, and payload. The last one has whole
payloads as JSON, so that nothing is lost; those of the fields are for other readers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vdb.exports.content import Content
from vdb.exports.writing.collection_schema import collection_schema
from vdb.sources.reading.exported_schema import METADATA
from vdb.sources.reading.libraries import needed

__all__ = ["column_notes", "joined", "record_tables"]


def column_notes(content: Content) -> tuple[str, ...]:
    """Which declared fields have no column of their own."""
    return tuple(
        f"the field {path!r} holds numbers beyond 2**63 - 1, for which Arrow has no column: they "
        "are in the column payload only"
        for path in sorted(content.wide_fields())
    )


def record_tables(content: Content) -> Iterator[Any]:
    """The batches, at least one; a column of vectors is there also while the dimension is open."""
    pa = needed("pyarrow", "pyarrow", "writing tables")
    metadata = {METADATA: json.dumps(collection_schema(content))}
    for batch in content.table_batches():
        whole = batch
        if "vector" not in batch.schema.names:
            lists = pa.list_(pa.from_numpy_dtype(content.numbers))
            names, columns = batch.schema.names, batch.columns
            whole = pa.record_batch(
                [columns[0], pa.nulls(len(batch), lists), *columns[1:]],
                names=[names[0], "vector", *names[1:]],
            )
        yield whole.replace_schema_metadata({**(batch.schema.metadata or {}), **metadata})


def joined(batches: Iterator[Any], rows: int) -> Iterator[Any]:
    """Batches together, as tables of at least so many rows; at least one table."""
    pa = needed("pyarrow", "pyarrow", "writing tables")
    part, length = [], 0
    for batch in batches:
        part.append(batch)
        length += len(batch)
        if length >= rows:
            yield pa.Table.from_batches(part)
            part, length = [], 0
    if part:
        yield pa.Table.from_batches(part)
