"""Makes exports of Weaviate in the layout of its writer; of the server itself nothing is needed.

pip install pyarrow==26.0.1
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run
from sources.weaviate_export import export


def make(folder, records):
    """A file with vectors without a name, and one with two names."""
    rows, names, payloads = records.vectors(), records.names(), records.payloads()
    blobs = [row.astype("<f4").tobytes() for row in rows]
    export(folder / "plain.parquet", names, payloads, vector=blobs)
    yield Given("plain.parquet", names, rows, payloads=payloads, asked="cosine")
    named = [json.dumps({"title": row[:4].tolist(), "body": row.tolist()}).encode() for row in rows]
    export(folder / "named.parquet", names, payloads, named=named)
    for name, dim in (("title", 4), ("body", 16)):
        options = {"vector": name}
        yield Given(
            "named.parquet", names, rows[:, :dim], payloads=payloads, asked="l2", options=options
        )


if __name__ == "__main__":
    run(make, __file__, "pyarrow")
