#!/usr/bin/env bash
# One would guess: a float of the metadata comes back as it was given; SQLite, where it lies, holds doubles.
# What happens: about one float in nine comes back with another last digit. The queue holds the metadata as JSON with the
# digits that were given, and the table of metadata, which `get` and `where` read, holds other doubles. A condition with
# the given number still finds the record: it goes the same way.
# chromadb 1.5.9; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check chromadb==1.5.9
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import json
import random
import sqlite3
from importlib.metadata import version

import chromadb

print("chromadb", version("chromadb"))
draw = random.Random(1)
given = [draw.gauss(0, 1) for _ in range(1000)]
ids = [str(row) for row in range(1000)]
docs = chromadb.PersistentClient("data").create_collection("docs")
docs.add(ids=ids, embeddings=[[1.0, 2.0]] * 1000, metadatas=[{"x": x} for x in given])
answer = docs.get(ids=ids)
back = dict(zip(answer["ids"], (one["x"] for one in answer["metadatas"])))
other = [row for row in range(1000) if back[str(row)] != given[row]]
print(len(other), "of 1,000 differ, such as", given[other[0]], "->", back[str(other[0])])
assert 50 < len(other) < 200
assert all(abs(back[str(row)] - given[row]) < 1e-15 * max(1, abs(given[row])) for row in other)
assert docs.get(where={"x": given[other[0]]})["ids"] == [str(other[0])]
database = sqlite3.connect("data/chroma.sqlite3")
assert {x for (x,) in database.execute("SELECT float_value FROM embedding_metadata WHERE key = 'x'")} == set(back.values())
queued = [json.loads(text)["x"] for (text,) in database.execute("SELECT metadata FROM embeddings_queue")]
assert queued and set(queued) <= set(given)
PY
