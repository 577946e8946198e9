#!/usr/bin/env bash
# One would guess: the operator for the k nearest neighbours returns the nearest first, with or without an index, since it
# has to compare distances either way.
# What happens: with an HNSW index the rows come by distance; without one the k nearest come in the order of their ids.
# Taking the first row for the nearest is right on one machine and wrong on another that has not built the index.
# surrealdb 2.0.0 (the Python package, with its embedded engine); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check surrealdb==2.0.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

from surrealdb import Surreal

print("surrealdb", version("surrealdb"))
with Surreal("mem://") as db:
    db.use("space", "db")
    db.query("DEFINE INDEX i ON t FIELDS v HNSW DIMENSION 2 DIST EUCLIDEAN TYPE F32")
    for id, vector in ((1, [1, 0]), (2, [3, 4]), (3, [0, 0]), (4, [-1, 0])):
        db.query(f"CREATE t:{id} SET v = {vector}")
    distances = {}
    for how, operator in (("with the index", "<|4,40|>"), ("without it", "<|4,EUCLIDEAN|>")):
        rows = db.query(f"SELECT id, vector::distance::knn() AS d FROM t WHERE v {operator} [2, 0]")
        distances[how] = [round(row["d"], 3) for row in rows]
print(distances)
assert distances["with the index"] == [1.0, 2.0, 3.0, 4.123]
assert distances["without it"] == [1.0, 4.123, 2.0, 3.0]
PY
