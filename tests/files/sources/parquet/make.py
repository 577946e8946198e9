"""Makes the files beside it, as other writers than pyarrow do: run it in the root of the tree.

pip install polars==2.1.0 duckdb==2.0.1 pyarrow==26.0.1
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run
from sources.records import DIM

KEYS = ("i", "title", "score", "even")


def make(folder, records):
    """A file of each writer; large ones in several row groups."""
    names, vectors = records.names(), records.vectors()
    payloads = [one or dict.fromkeys(KEYS) for one in records.payloads()]
    rows = [
        {"id": name, "vector": row.tolist()} | payload
        for name, row, payload in zip(names, vectors, payloads, strict=True)
    ]
    frame = polars.DataFrame(rows, schema_overrides={"vector": polars.Array(polars.Float32, DIM)})
    frame.write_parquet(
        folder / "polars.parquet", compression="zstd", statistics=False, row_group_size=400
    )
    yield Given("polars.parquet", names, vectors, payloads=payloads, asked="l2")

    source = folder / "rows.json"
    source.write_text(json.dumps(rows))
    duckdb.sql(
        f"COPY (SELECT id, vector::FLOAT[] AS vector, i, title, score, even, "
        f"TIMESTAMP '2024-05-01 10:30:00' + to_days({'i' if records.small else '0'}) AS at "
        f"FROM read_json('{source}', columns={{id: 'VARCHAR', vector: 'FLOAT[]', i: 'BIGINT', "
        f"title: 'VARCHAR', score: 'DOUBLE', even: 'BOOLEAN'}})) "
        f"TO '{folder / 'duckdb.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
    )
    source.unlink()
    moment = {"at": "2024-05-01T10:30:00.000000"}
    if not records.small:
        payloads = [one | moment for one in payloads]
        yield Given("duckdb.parquet", names, vectors, payloads=payloads, asked="l2")
        table = pa.table(
            {
                "id": records.numbers(),
                "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), DIM),
            }
        )
        pq.write_table(table, folder / "pyarrow.parquet", row_group_size=300, compression="snappy")
        yield Given("pyarrow.parquet", records.numbers(), vectors, asked="ip")


if __name__ == "__main__":
    run(make, __file__, "pyarrow", "polars", "duckdb")
