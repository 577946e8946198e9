#!/usr/bin/env bash
# One would guess: a file of Milvus Lite 2 is a SQLite database whose column `data BLOB` holds BLOBs, so that SELECT gives
# the bytes of a row.
# What happens: the bytes, protocol buffers with vectors in them, are stored as TEXT, which they are not. typeof says text,
# length stops at the first zero byte, and Python's sqlite3 raises at the first row whose bytes are no UTF-8. CAST(data AS
# BLOB) gives all of them.
# milvus-lite 2.5.1 with pymilvus 2.5.18; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check milvus-lite==2.5.1 pymilvus==2.5.18 "setuptools<80" \
  numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import sqlite3
import struct
from importlib.metadata import version

from pymilvus import MilvusClient

print("milvus-lite", version("milvus-lite"), "pymilvus", version("pymilvus"), "SQLite", sqlite3.sqlite_version)
client = MilvusClient("./data.db")
client.create_collection("c", dimension=2, metric_type="L2", auto_id=False)
client.insert("c", [{"id": 0, "vector": [0.1, -0.7]}])
client.close()

database = sqlite3.connect("data.db")
((declared,),) = database.execute("SELECT type FROM pragma_table_info('c') WHERE name = 'data'").fetchall()
query = "SELECT typeof(data), length(data), length(CAST(data AS BLOB)), CAST(data AS BLOB) FROM c"
((kind, length, size, data),) = database.execute(query).fetchall()
print(f"declared {declared}, stored as {kind}: length {length}, {size} as a BLOB")
assert declared == "BLOB" and kind == "text" and length < size == len(data)
assert struct.pack("<2f", 0.1, -0.7) in data
try:
    database.execute("SELECT data FROM c").fetchall()
except sqlite3.OperationalError as error:
    print("SELECT data raises", type(error).__name__)
else:
    raise AssertionError("the bytes were given as they are")
PY
