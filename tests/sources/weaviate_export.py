"""Writes Parquet files as Weaviate's export does (usecases/export/parquet_writer.go)."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq


def export(place, ids, payloads, *, vector=None, named=None, multi=None, metadata=None):
    """Bytes in columns that may be null, packed by zstd, and no schema of Arrow."""
    nothing = [None] * len(ids)
    properties = [None if one is None else json.dumps(one).encode() for one in payloads]
    columns = {
        "id": (ids, pa.string(), False),
        "creation_time": ([1] * len(ids), pa.int64(), False),
        "update_time": ([2] * len(ids), pa.int64(), False),
        "vector": (vector or nothing, pa.binary(), True),
        "named_vectors": (named or nothing, pa.binary(), True),
        "multi_vectors": (multi or nothing, pa.binary(), True),
        "properties": (properties, pa.binary(), True),
    }
    fields = [pa.field(name, kind, nullable) for name, (_, kind, nullable) in columns.items()]
    schema = pa.schema(fields)
    table = pa.table(
        [pa.array(values, kind) for values, kind, _ in columns.values()], schema=schema
    )
    with pq.ParquetWriter(place, schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(table, row_group_size=17)
        writer.add_key_value_metadata(metadata or {"collection": "Document"})
    return place
