#!/usr/bin/env bash
# One would guess: two releases of one engine give a filter one meaning, and "x != 1" means what "x not in [1]" means.
# What happens: of a row without the dynamic field x both are true in milvus-lite 2.5. In milvus-lite 3 "x != 1" is not
# true of it, as in SQL with NULL, and "x not in [1]" still is. After the upgrade a query that excludes one value loses
# rows without a word.
# milvus-lite 2.5.1 with pymilvus 2.5.9, milvus-lite 3.2.2 with pymilvus 3.0.2; seen by running them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for pins in "milvus-lite==2.5.1 pymilvus==2.5.9 setuptools<81 marshmallow<4" "milvus-lite==3.2.2 pymilvus==3.0.2"; do
    python3 -m venv --clear "$folder/venv"
    # shellcheck disable=SC2086
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check $pins numpy==2.4.6
    rm -rf "$folder/data.db"
    cd "$folder"
    "$folder/venv/bin/python" - <<'PY'
import logging
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
from pymilvus import MilvusClient

logging.disable()
client = MilvusClient("./data.db")
client.create_collection("c", dimension=2, metric_type="L2", auto_id=False)
rows = [{"id": 1, "vector": [1.0, 0.0], "x": 1}, {"id": 2, "vector": [1.0, 0.0], "x": 2}, {"id": 3, "vector": [1.0, 0.0]}]
client.insert("c", rows)
ids = {
    expression: sorted(row["id"] for row in client.query("c", filter=expression, output_fields=["id"]))
    for expression in ("x != 1", "x not in [1]")
}
print("milvus-lite", version("milvus-lite"), "rows with x = 1, x = 2 and no x:", ids)
old = version("milvus-lite").startswith("2.")
assert list(ids.values()) == [[2, 3] if old else [2], [2, 3]]
client.close()
PY
done
