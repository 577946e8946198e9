"""Makes files of Arrow: pip install pyarrow==26.0.1; none are held here, tests make their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run
from sources.records import DIM

KEYS = ("i", "title", "score", "even")


def make(folder, records):
    """A file, a stream and Feather."""
    names, vectors = records.names(), records.vectors()
    payloads = [one or dict.fromkeys(KEYS) for one in records.payloads()]
    columns = {key: [one[key] for one in payloads] for key in KEYS}
    rows = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), DIM)
    table = pa.table({"id": names, **columns, "vector": rows})
    for name, opened in (("file", pa.ipc.new_file), ("stream", pa.ipc.new_stream)):
        with opened(str(folder / f"{name}.arrow"), table.schema) as writer:
            writer.write_table(table, max_chunksize=300)
    pa.feather.write_feather(table, str(folder / "a.feather"), compression="lz4")
    for name in ("file.arrow", "stream.arrow", "a.feather"):
        yield Given(name, names, vectors, payloads=payloads, asked="l2")


if __name__ == "__main__":
    run(make, __file__, "pyarrow")
