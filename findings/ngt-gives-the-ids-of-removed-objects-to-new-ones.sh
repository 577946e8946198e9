#!/usr/bin/env bash
# One would guess: an id that was removed is not used again, so that nothing comes back under it any more.
# What happens: the next insert takes the id of the removed object. Whoever keeps payloads by id, and has not yet dropped
# the old one, now finds it under the new vector.
# ngt 2.8.0.post1 (ngtpy); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ngt==2.8.0.post1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import ngtpy

print("ngt", version("ngt"))
ngtpy.create("index", 2, distance_type="L2")
index = ngtpy.Index("index")
first = [index.insert(vector) for vector in ([1, 0], [3, 4], [0, 2], [5, 5])]
index.build_index()
index.remove(1)
again = index.insert([7, 1])
index.build_index()
print("ids", first, "; 1 was removed; the next insert is", again, "and holds", index.get_object(again))
assert first == [0, 1, 2, 3] and again == 1
assert index.get_object(1) == [7.0, 1.0]
index.close()
PY
