#!/usr/bin/env bash
# One would guess: an object that offers __arrow_c_stream__ becomes a DataFrame through it, with the names and types of
# its schema, whatever else the object can do.
# What happens: where it is a collections.abc.Sequence too, as a list of results is, polars.DataFrame iterates it and
# infers names and types from its rows, and polars.from_arrow makes a Series of structs of them. An int32 becomes an
# int64, and the stream is never asked for. Without Sequence among its bases the same object is read through the stream.
# polars 2.1.0, pyarrow 26.0.1; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1
"$folder/venv/bin/python" - <<'PY'
from collections.abc import Sequence

import polars as pl
import pyarrow as pa

print("polars", pl.__version__, "pyarrow", pa.__version__)
table = pa.table({"n": pa.array([1, 2], pa.int32())})


class Rows:
    asked = 0

    def __len__(self):
        return len(table)

    def __getitem__(self, place):
        return table.to_pylist()[place]

    def __arrow_c_stream__(self, requested_schema=None):
        Rows.asked += 1
        return table.__arrow_c_stream__(requested_schema)


class Listed(Rows, Sequence):
    pass


plain, plain_asked = pl.DataFrame(Rows()).schema, Rows.asked
listed, listed_asked = pl.DataFrame(Listed()).schema, Rows.asked - plain_asked
whole = pl.from_arrow(Listed())
print("expected: Int32 twice, through the stream; came:", plain, listed, type(whole).__name__)
assert plain["n"] == pl.Int32 and plain_asked > 0
assert listed["n"] == pl.Int64 and listed_asked == 0
assert isinstance(whole, pl.Series) and isinstance(whole.dtype, pl.Struct)
PY
