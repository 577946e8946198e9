#!/usr/bin/env bash
# One would guess: a virtual table with vectors in it can be read from one end to the other, as any table, so that it can
# be copied elsewhere.
# What happens: "select rowid from t", count(*) and even "rowid > 0" fail with "no query solution". Rows come only to a
# search or to rowids that one names: without a list of rowids of one's own, one must search for as many rows as fit.
# vectorlite-py 0.2.0; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check vectorlite-py==0.2.0 apsw==3.54.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import apsw
import numpy as np
import vectorlite_py

db = apsw.Connection(":memory:")
db.enable_load_extension(True)
db.load_extension(vectorlite_py.vectorlite_path())
print(next(db.execute("select vectorlite_info()"))[0].split(", ")[0])
db.execute("create virtual table t using vectorlite(v float32[2], hnsw(max_elements=10))")
vectors = np.array([[1, 0], [2, 0], [3, 0]], dtype=np.float32)
for rowid, vector in enumerate(vectors, 1):
    db.execute("insert into t(rowid, v) values (?, ?)", (rowid, vector.tobytes()))
errors = {}
for sql in ("select rowid from t", "select count(*) from t", "select rowid from t where rowid > 0"):
    try:
        errors[sql] = list(db.execute(sql))
    except apsw.SQLError as error:
        errors[sql] = str(error)
print(errors)
assert set(errors.values()) == {"no query solution"}
by_name = sorted(db.execute("select rowid from t where rowid in (1, 2, 3, 4)"))
by_search = sorted(db.execute("select rowid from t where knn_search(v, knn_param(?, 10))", (vectors[0].tobytes(),)))
print("by rowid:", by_name, "; by a search:", by_search)
assert by_name == by_search == [(1,), (2,), (3,)]
PY
