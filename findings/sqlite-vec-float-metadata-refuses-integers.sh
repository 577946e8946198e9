#!/usr/bin/env bash
# One would guess: a metadata column of type FLOAT of a vec0 table takes 2 as it takes 2.0, as a REAL column of SQLite
# does, and NULL where a row has no value.
# What happens: 2 is refused, and so is NULL, also in text columns. A program that binds the numbers of JSON as they
# come fails at the first price without cents.
# sqlite-vec 0.1.9; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sqlite-vec==0.1.9 apsw==3.54.1.0
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import apsw
import sqlite_vec

print("sqlite-vec", version("sqlite-vec"))
connection = apsw.Connection(":memory:")
connection.enable_load_extension(True)
connection.load_extension(sqlite_vec.loadable_path())
connection.execute("CREATE TABLE plain (price REAL, kind TEXT)")
connection.execute("INSERT INTO plain VALUES (2, NULL)")
print("a plain table:", connection.execute("SELECT * FROM plain").fetchall())
connection.execute("CREATE VIRTUAL TABLE items USING vec0(v float[2], price float, kind text)")


def reason(price, kind):
    """Why vec0 refuses a row; None where it takes it."""
    try:
        connection.execute("INSERT INTO items (v, price, kind) VALUES ('[1, 2]', ?, ?)", (price, kind))
    except apsw.SQLError as error:
        return str(error)
    return None


assert reason(2.0, "a") is None
for price, kind in ((2, "a"), (None, "a"), (2.0, None)):
    refused = reason(price, kind)
    print(f"vec0, {(price, kind)}: {refused}")
    assert refused is not None and "Expected" in refused
PY
