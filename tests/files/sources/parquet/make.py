"""Makes the files beside it, as other writers than pyarrow do: run it in the root of the tree.

pip install polars==2.1.0 duckdb==2.0.1 pyarrow==26.0.1
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
import polars

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import COUNT, DIM, names, payloads, vectors  # noqa: E402

rows = [{"id": name, "vector": row.tolist()} for name, row in zip(names(), vectors(), strict=True)]
nothing = dict.fromkeys(["i", "title", "score", "even"])
rows = [row | (payload or nothing) for row, payload in zip(rows, payloads(), strict=True)]

frame = polars.DataFrame(rows, schema_overrides={"vector": polars.Array(polars.Float32, DIM)})
frame.write_parquet(HERE / "polars.parquet", compression="zstd", statistics=False)

source = HERE / "rows.json"
source.write_text(json.dumps(rows))
duckdb.sql(
    f"COPY (SELECT id, vector::FLOAT[] AS vector, i, title, score, even, "
    f"TIMESTAMP '2024-05-01 10:30:00' + to_days(i) AS at FROM read_json('{source}')) "
    f"TO '{HERE / 'duckdb.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
)
source.unlink()
assert len(frame) == COUNT
