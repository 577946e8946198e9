#!/usr/bin/env bash
# One would guess: an update of the rowid, which is how one gives a row of an SQLite table another id, moves the row, or is
# refused as other updates of vec0 tables are (of a partition key, say).
# What happens: it succeeds and does nothing. An update of rowid and vector together changes the vector under the old id,
# and raises nothing even where the new id belongs to another row.
# sqlite-vec 0.1.9; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sqlite-vec==0.1.9 apsw==3.54.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import apsw
import sqlite_vec

db = apsw.Connection(":memory:")
db.enable_load_extension(True)
db.load_extension(sqlite_vec.loadable_path())
print("sqlite-vec", next(db.execute("select vec_version()"))[0])
db.execute("create virtual table t using vec0(v float[2])")
db.execute("insert into t(rowid, v) values (1, '[1, 0]'), (2, '[2, 0]')")

def rows():
    return {rowid: text for rowid, text in db.execute("select rowid, vec_to_json(v) from t order by rowid")}

db.execute("update t set rowid = 55 where rowid = 1")
print("after rowid 1 became 55:", rows())
assert list(rows()) == [1, 2]
db.execute("update t set rowid = 2, v = '[9, 9]' where rowid = 1")
print("after rowid 1 became 2, with the vector (9, 9):", rows())
assert rows() == {1: "[9.000000,9.000000]", 2: "[2.000000,0.000000]"}
PY
