#!/usr/bin/env bash
# One would guess: a table of fixed-size lists with some nulls makes a table whose column is nullable, as the column of
# vectors is declared nullable by default; or the error says that there are nulls.
# What happens: it is refused as "variable length vectors", though every list that is there has the same length. With
# on_bad_vectors="null" the same table is taken as it is, and searches leave the rows of nulls out.
# lancedb 0.40.0; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lancedb==0.40.0 numpy==2.4.6 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import lancedb
import pyarrow as pa

print("lancedb", lancedb.__version__, "pyarrow", pa.__version__)
database = lancedb.connect("db")
vectors = pa.array([[0.5, 1.0], None, [2.0, 3.0]], pa.list_(pa.float32(), 2))
rows = pa.table({"id": [1, 2, 3], "vector": vectors})
try:
    database.create_table("t", rows)
except Exception as refused:
    message = str(refused)
else:
    raise SystemExit("the table was taken")
print("as it comes:", message.splitlines()[0])
assert "variable length" in message
table = database.create_table("t", rows, on_bad_vectors="null")
stored = table.to_arrow()["vector"].to_pylist()
hits = table.search([0.0, 0.0]).limit(3).to_arrow()["id"].to_pylist()
print('with on_bad_vectors="null":', stored, "hits", hits)
assert stored == [[0.5, 1.0], None, [2.0, 3.0]] and hits == [1, 3]
PY
