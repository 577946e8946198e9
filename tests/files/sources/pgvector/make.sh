#!/usr/bin/env bash
# Makes the files beside it; needs PostgreSQL 17 with pgvector 0.8.0 (Debian 13: postgresql-17-pgvector) and a server
# that this user may make a database on. Run it in the root of the tree.
set -euo pipefail
here=$(dirname "$0")
createdb vectors
trap 'dropdb vectors' EXIT
python3 "$here/statements.py" | psql -q vectors
copy() { psql -q vectors -c "COPY $1 TO STDOUT $2"; }
pg_dump --no-owner vectors > "$here/dump.sql"
copy "items (id, title, score, even, tags, embedding)" "" > "$here/items.txt"
copy "items (id, title, embedding)" "(FORMAT csv)" > "$here/items.csv"
copy "items (id, title, score, even, tags, embedding, small)" "(FORMAT binary)" > "$here/items.copy"
copy codes "(FORMAT binary)" > "$here/codes.copy"
copy sparse "(FORMAT binary)" > "$here/sparse.copy"
