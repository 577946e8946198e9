#!/usr/bin/env bash
# One would guess: add() without ids numbers a new vector with an id that no other vector has.
# What happens: an IVF index numbers from its count. After remove_ids of any row but the last, the next add() repeats the
# id of a row that is still there, and searches return that id twice, for two different vectors.
# faiss-cpu 1.15.1; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check faiss-cpu==1.15.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import faiss
import numpy as np

print("faiss", faiss.__version__)
vectors = np.array([[0, 0], [1, 0], [2, 0], [3, 0]], dtype=np.float32)
index = faiss.IndexIVFFlat(faiss.IndexFlatL2(2), 2, 1)
index.train(vectors)
index.add(vectors)
index.remove_ids(np.array([0]))
index.add(np.array([[9, 0]], dtype=np.float32))
distances, ids = index.search(np.zeros((1, 2), dtype=np.float32), 4)
print("ids", ids[0].tolist(), "squared distances", distances[0].tolist())
assert ids[0].tolist() == [1, 2, 3, 3]
assert distances[0].tolist() == [1, 4, 9, 81]
PY
