#!/usr/bin/env bash
# One would guess: labels are whole numbers from 0 on, so an array of int64 with a negative one is refused, as a list
# of Python's ints with a negative one is.
# What happens: arrays are cast to uint64: -1 becomes 18446744073709551615, and that is what searches give and what
# lies in the saved file. Floats are cut to whole numbers, so 1.7 and 1.2 are one label.
# hnswlib 0.8.0; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hnswlib==0.8.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import hnswlib
import numpy as np

print("hnswlib", version("hnswlib"))
rows = np.eye(2, dtype=np.float32)


def index_of(labels):
    index = hnswlib.Index("l2", 2)
    index.init_index(2)
    index.add_items(rows, labels)
    return index


try:
    index_of([-1, 5])
except OverflowError as error:
    print("a list of ints:", error)
else:
    raise SystemExit("a list with a negative label was taken")
index = index_of(np.array([-1, 5]))
labels = index.knn_query(rows, k=1)[0][:, 0].tolist()
print("an array of int64 [-1, 5]: searches give", labels)
assert labels == [2**64 - 1, 5] and sorted(index.get_ids_list()) == [5, 2**64 - 1]
index = index_of(np.array([1.7, 1.2]))
print("an array of floats [1.7, 1.2]: ids", index.get_ids_list())
assert index.get_ids_list() == [1]
PY
