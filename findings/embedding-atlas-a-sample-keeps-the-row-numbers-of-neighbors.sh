#!/usr/bin/env bash
# One would guess: embedding-atlas FILE --neighbors COLUMN --sample N shows N records, and of each the neighbours among
# these; "ids" of the column are row numbers, so that they are counted anew, or the column is left out.
# What happens: rows are drawn and numbered from 0 again, and "ids" stay as they are in the file: they lead to other
# records, or to none. The same with --query. Draw the sample before the neighbours are computed.
# embedding-atlas 0.26.0; seen by running it, and read in embedding_atlas/cli.py, load_datasets and main.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# Without the libraries that compute embeddings, gigabytes which this does not use.
pip=("$folder/venv/bin/pip" install --quiet --disable-pip-version-check)
"${pip[@]}" click cryptography duckdb==2.0.1 fastapi inquirer narwhals pandas==3.1.1 platformdirs pyarrow==26.0.1 uvicorn
"${pip[@]}" --no-deps embedding-atlas==0.26.0
cd "$folder"
cat > show.py <<'PY'
import subprocess
import sys
from importlib.metadata import version

import pyarrow as pa
import pyarrow.parquet as pq

print("embedding-atlas", version("embedding-atlas"))
ROWS = 50
lists = [{"ids": [row, (row + 1) % ROWS], "distances": [0.0, 1.0]} for row in range(ROWS)]
names = [f"record {row}" for row in range(ROWS)]
places = [float(row) for row in range(ROWS)]
pq.write_table(pa.table({"name": names, "x": places, "y": places, "neighbors": lists}), "all.parquet")
command = [sys.executable, "-m", "embedding_atlas.cli", "all.parquet", "--x=x", "--y=y"]
command += ["--neighbors=neighbors", "--sample=10", "--export-application=page"]
subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
rows = pq.read_table("page/data/dataset.parquet").to_pylist()
assert [row["__row_index__"] for row in rows] == list(range(10))
itself = [row["neighbors"]["ids"][0] == row["__row_index__"] for row in rows]
beyond = sum(one >= 10 for row in rows for one in row["neighbors"]["ids"])
first = rows[0]
print("expected: each of the 10 rows first in its own list; came:", sum(itself), "of 10")
print(f"{first['name']} is row {first['__row_index__']}, its neighbours {first['neighbors']['ids']}")
print("ids beyond the last row:", beyond, "of 20")
assert not all(itself) and beyond > 0
PY
"$folder/venv/bin/python" show.py
