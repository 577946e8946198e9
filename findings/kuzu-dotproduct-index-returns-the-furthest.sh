#!/usr/bin/env bash
# One would guess: a vector index with the metric "dotproduct" returns the rows with the largest inner products; whether
# its column "distance" is q.v, -q.v or 1 - q.v is a matter of taste.
# What happens: the distance is q.v itself, and the smallest distance is taken for the nearest: the index returns the rows
# that point away from the query.
# kuzu 0.11.3 (the last release); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check kuzu==0.11.3
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import kuzu

print("kuzu", kuzu.__version__)
db = kuzu.Connection(kuzu.Database(":memory:"))
db.execute("create node table t(id int64 primary key, v float[2])")
for id in range(60):
    db.execute(f"create (:t {{id: {id}, v: [{id - 30}.0, 1.0]}})")
db.execute("call create_vector_index('t', 'i', 'v', metric := 'dotproduct')")
answer = db.execute("call query_vector_index('t', 'i', [1.0, 0.0], 3) return node.v, distance order by distance")
rows = [answer.get_next() for _ in range(answer.get_num_tuples())]
print("three of (-30, 1) to (29, 1) for the query (1, 0):", rows)
assert [vector[0] for vector, _ in rows] == [-30, -29, -28]
assert [distance for _, distance in rows] == [-30, -29, -28]
PY
