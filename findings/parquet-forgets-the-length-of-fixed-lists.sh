#!/usr/bin/env bash
# One would guess: a column of vectors of fixed length, written to Parquet, is read back as one, whoever wrote it.
# What happens: Parquet itself has lists of any length only. Whether the reader sees fixed lists depends on an Arrow
# schema that the writer put into the file's metadata; without it the same data are lists of any length, and the name
# of the child differs too.
# pyarrow 26.0.1; seen by running it (the format: the section on nested types of Parquet's LogicalTypes page).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import pyarrow as pa
from pyarrow import parquet

print("pyarrow", pa.__version__)
table = pa.table({"v": pa.array([[1, 2], [3, 4]], pa.list_(pa.float32(), 2))})
parquet.write_table(table, "with.parquet")
parquet.write_table(table, "without.parquet", store_schema=False)
types = {name: parquet.read_schema(f"{name}.parquet").field("v").type for name in ("with", "without")}
for name, kind in types.items():
    print(f"{name} the Arrow schema: {kind}")
assert pa.types.is_fixed_size_list(types["with"]) and types["with"].list_size == 2
assert pa.types.is_list(types["without"])
assert types["without"].value_field.name == "element"
PY
