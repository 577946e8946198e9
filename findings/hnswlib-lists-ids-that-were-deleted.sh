#!/usr/bin/env bash
# One would guess: after mark_deleted an id is gone: the list of ids and the count leave it out, as searches do.
# What happens: searches leave it out, but get_ids_list, element_count and the saved file keep it. Whoever copies an
# index by its list of ids brings the deleted ones back to life.
# hnswlib 0.8.0; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hnswlib==0.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import hnswlib
import numpy as np

print("hnswlib", version("hnswlib"))
index = hnswlib.Index("l2", 2)
index.init_index(10)
index.add_items(np.eye(3, 2, dtype=np.float32), [7, 8, 9])
index.mark_deleted(8)
found = set(index.knn_query(np.zeros(2), k=2)[0][0].tolist())
print("searches find", sorted(found), "; ids", sorted(index.get_ids_list()), "; count", index.element_count)
assert found == {7, 9}
assert sorted(index.get_ids_list()) == [7, 8, 9] and index.element_count == 3
index.save_index("index.bin")
again = hnswlib.Index("l2", 2)
again.load_index("index.bin")
assert sorted(again.get_ids_list()) == [7, 8, 9]
print("the same after saving and loading")
PY
