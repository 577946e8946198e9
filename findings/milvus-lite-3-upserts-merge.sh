#!/usr/bin/env bash
# One would guess: an upsert replaces the row of its key, so that fields it does not name are gone, as in milvus-lite 2.5.
# What happens: in milvus-lite 3 a dynamic field that the upsert does not name keeps its old value. A store that is
# brought up to date by upserts keeps what was deleted at its source.
# milvus-lite 3.2.2 with pymilvus 3.0.2; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check milvus-lite==3.2.2 pymilvus==3.0.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import logging
from importlib.metadata import version

from pymilvus import MilvusClient

logging.disable()
print("milvus-lite", version("milvus-lite"), "pymilvus", version("pymilvus"))
client = MilvusClient("./data.db")
client.create_collection("c", dimension=2, metric_type="L2", auto_id=False)
client.insert("c", [{"id": 1, "vector": [1.0, 0.0], "old": "a", "both": "a"}])
client.upsert("c", [{"id": 1, "vector": [0.0, 1.0], "both": "b"}])
(row,) = client.query("c", filter="id == 1", output_fields=["*"])
print("upserted without 'old':", {name: row[name] for name in sorted(row)})
assert row["both"] == "b" and list(row["vector"]) == [0, 1]
assert row["old"] == "a"
client.close()
PY
