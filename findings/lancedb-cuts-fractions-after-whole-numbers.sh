#!/usr/bin/env bash
# One would guess: a table whose first vectors happen to be whole numbers takes vectors with fractions later, or refuses
# them.
# What happens: Python lists of whole numbers from 0 to 255 make a column of uint8. Fractions that are added later are cut
# off without a word: (0.2, 0.7) is stored as (0, 0). Only numbers outside 0..255 raise.
# lancedb 0.40.0; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lancedb==0.40.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import lancedb

print("lancedb", lancedb.__version__)
table = lancedb.connect("db").create_table("t", [{"id": 1, "vector": [1, 2]}])
table.add([{"id": 2, "vector": [0.2, 0.7]}, {"id": 3, "vector": [1.9, 2.6]}])
stored = table.to_arrow().sort_by("id")["vector"].to_pylist()
print("the column's type:", table.schema.field("vector").type)
print("added (0.2, 0.7) and (1.9, 2.6); stored:", stored[1:])
assert stored == [[1, 2], [0, 0], [1, 2]]
PY
